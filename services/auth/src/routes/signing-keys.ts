import { ok, route, withPermission, type Route } from '@strongroom/http/route';
import { Choice, Members, Timestamp, Type, Uuid, type Static } from '@strongroom/schema/types';
import type { AuthContext } from '../context.ts';
import { SIGNING_ALGORITHMS, type SigningKey } from '../domain/signing-key.ts';
import { rotateSigningKeys } from '../operations/rotate-signing-keys.ts';
import { findSigningKeys } from '../store/signing-keys.ts';

const PREFIX = '/auth/api/v1/signing-keys';

const View = Members({
  keys: Type.Array(
    Members({
      kid: Uuid,
      algorithm: Choice(...SIGNING_ALGORITHMS),
      created: Timestamp,
      active_from: Timestamp,
      retired_at: Type.Union([Timestamp, Type.Null()]),
    }),
  ),
});

const view = (keys: readonly SigningKey[]): Static<typeof View> => ({
  keys: keys.map(key => ({
    kid: key.id,
    algorithm: key.algorithm,
    created: key.createdAt.toISOString(),
    active_from: key.activeFrom.toISOString(),
    retired_at: key.retiredAt?.toISOString() ?? null,
  })),
});

/** The keys that sign tokens, and their rotation by hand. Not part of PrivX's API. */
export const signingKeyRoutes = (ctx: AuthContext): Route[] => [
  route({
    method: 'get',
    path: PREFIX,
    operationId: 'listSigningKeys',
    tag: 'signing-keys',
    summary: 'List the keys that sign tokens, oldest first',
    access: withPermission('settings-view', 'settings-manage'),
    response: View,
    handle: async () => ok(view(await findSigningKeys(ctx.db))),
  }),
  route({
    method: 'post',
    path: `${PREFIX}/rotate`,
    operationId: 'rotateSigningKeys',
    tag: 'signing-keys',
    summary: 'Make the next keys; they sign after a quarter of an hour',
    access: withPermission('settings-manage'),
    response: View,
    handle: async ({ caller, request }) => ok(view(await rotateSigningKeys(ctx, caller, request))),
  }),
];
