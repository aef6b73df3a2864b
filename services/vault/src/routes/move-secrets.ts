import { entityTag, readIfMatch } from '@strongroom/http/entity-tags';
import { AUTHENTICATED, route, type Reply, type Route } from '@strongroom/http/route';
import { Line, Members, Type } from '@strongroom/schema/types';
import type { VaultContext } from '../context.ts';
import type { Secret } from '../domain/secret.ts';
import { moveSecret } from '../operations/move-secret.ts';
import { once } from '../operations/once.ts';
import { WriteConditions } from './conditions.ts';
import { NameInput } from './secret-view.ts';

const PREFIX = '/vault/api/v1';

/** PUT replaces what a secret is and never what it is called; this is the other half (docs/folders.md). */
export const moveSecretRoutes = (ctx: VaultContext): Route[] => [
  moveRoute(ctx, `${PREFIX}/move/secrets/*name`, 'moveSecret', 'secret', {}),
  moveRoute(ctx, `${PREFIX}/user/:user_id/move/secrets/*name`, 'moveUserSecret', 'personal secret', {
    user_id: Line(128, 1),
  }),
];

const moveRoute = (
  ctx: VaultContext,
  path: string,
  operationId: string,
  what: string,
  owner: { user_id?: ReturnType<typeof Line> },
): Route =>
  route({
    method: 'post',
    path,
    operationId,
    tag: 'secrets',
    summary: `Give a ${what} another name; its versions, id and roles stay`,
    access: AUTHENTICATED,
    params: Type.Unsafe<{ user_id?: string; name: string }>(Members({ ...owner, name: NameInput })),
    headers: WriteConditions,
    body: Members({ name: NameInput }),
    response: Members({ name: Type.String() }),
    handle: ({ params, headers, body, caller, request }) => {
      const address = { ownerId: params.user_id, name: params.name };
      const expected = { revisions: readIfMatch(headers['if-match']) };
      const target = ['move', address, body.name, expected];
      return once<Secret, Reply>(
        ctx,
        { caller, request, key: headers['idempotency-key'], target },
        ({ name, revision }) => ({ body: { name }, headers: { etag: entityTag(revision) } }),
        remember => moveSecret(ctx, caller, request, address, body.name, expected, remember),
      );
    },
  });
