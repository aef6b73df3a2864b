import { permissionDenied } from '@strongroom/errors/common-errors';
import { AUTHENTICATED, ok, route, type Route } from '@strongroom/http/route';
import { Members, Type, Uuid } from '@strongroom/schema/types';
import type { AuthContext } from '../context.ts';
import { findRevocations } from '../operations/revocations.ts';

const NIL = '00000000-0000-0000-0000-000000000000';
const After = Type.Optional(Uuid);
const Texts = Type.Array(Type.String());

/** For the platform's own services alone; the gateway lets nobody through to it (docs/adr/0011-effects-at-once.md). */
export const revocationRoute = (ctx: Pick<AuthContext, 'db' | 'now'>): Route =>
  route({
    method: 'get',
    path: '/auth/api/v1/revocations',
    operationId: 'listRevocations',
    tag: 'internal',
    summary:
      'What verifiers of access tokens may have missed: at most 1,000 sessions and 100 subjects after the ids',
    access: AUTHENTICATED,
    query: Members({ after_session: After, after_subject: After }),
    response: Members({
      sessionIds: Type.Array(Uuid),
      subjects: Type.Array(Members({ id: Uuid, roles: Texts, permissions: Texts })),
    }),
    handle: async ({ query, caller }) => {
      if (caller.kind !== 'service') throw permissionDenied();
      const { after_session: afterSession = NIL, after_subject: afterSubject = NIL } = query;
      return ok(await findRevocations(ctx, { afterSession, afterSubject }));
    },
  });
