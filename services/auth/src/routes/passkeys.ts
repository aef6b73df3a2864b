import type { Caller } from '@strongroom/contracts/caller';
import { paging } from '@strongroom/http/paging';
import { AUTHENTICATED, ok, route, type Route } from '@strongroom/http/route';
import {
  Choice,
  Envelope,
  Members,
  Name,
  OrNull,
  Text,
  Timestamp,
  Type,
  Uuid,
} from '@strongroom/schema/types';
import type { AuthContext } from '../context.ts';
import { userNotFound, passkeyNotFound } from '../domain/errors.ts';
import type { Passkey } from '../domain/passkey.ts';
import { requireFreshSignIn, requirePerson } from '../domain/step-up.ts';
import { removePasskey, updatePasskey } from '../operations/passkeys.ts';
import { requireRightsOver } from '../operations/rights-over.ts';
import { findSecondFactors } from '../store/second-factors.ts';
import { findPasskey, listPasskeys } from '../store/webauthn-credentials.ts';

export const PASSKEYS_PATH = '/role-store/api/v1/users/:id/webauthn-credentials';
const Owner = Type.Union([Choice('current'), Uuid]);
const ById = Members({ id: Owner, credential_id: Uuid });

const View = Members({
  id: Type.String(),
  credential_id: Type.String({ description: 'base64url' }),
  name: Type.String(),
  comment: Type.String(),
  last_used: Type.Optional(Timestamp),
  created: Timestamp,
  author: Type.String(),
  updated: Timestamp,
  updatedby: Type.String(),
  updated_by: Type.String(),
});

const view = (passkey: Passkey) => ({
  id: passkey.id,
  credential_id: passkey.credentialId.toString('base64url'),
  name: passkey.name,
  comment: passkey.comment,
  ...(passkey.lastUsedAt === null ? {} : { last_used: passkey.lastUsedAt.toISOString() }),
  created: passkey.createdAt.toISOString(),
  author: passkey.createdBy,
  updated: passkey.updatedAt.toISOString(),
  updatedby: passkey.updatedBy,
  updated_by: passkey.updatedBy,
});

/** Passkeys of people (contract 4.2): one's own, or with a permission anybody's. */
export const passkeyRoutes = (ctx: AuthContext): Route[] => {
  const guardChange = (caller: Caller, owner: string) =>
    owner === caller.id ? requireFreshSignIn(caller, ctx.now()) : requireRightsOver(ctx.db, caller, [owner]);

  return [
    route({
      method: 'get',
      path: PASSKEYS_PATH,
      operationId: 'listPasskeys',
      tag: 'mfa',
      summary: 'List the passkeys of a person',
      access: AUTHENTICATED,
      params: Members({ id: Owner }),
      query: Members(paging({ limit: 50, max: 1_000 })),
      response: Envelope(View),
      handle: async ({ params, query, caller }) => {
        const owner = ownerOf(caller, params.id);
        if ((await findSecondFactors(ctx.db, owner)) === undefined) throw userNotFound();
        const { count, passkeys } = await listPasskeys(ctx.db, owner, query);
        return ok({ count, items: passkeys.map(view) });
      },
    }),
    route({
      method: 'get',
      path: `${PASSKEYS_PATH}/:credential_id`,
      operationId: 'getPasskey',
      tag: 'mfa',
      summary: 'Read a passkey of a person',
      access: AUTHENTICATED,
      params: ById,
      response: View,
      handle: async ({ params, caller }) => {
        const passkey = await findPasskey(ctx.db, ownerOf(caller, params.id), params.credential_id);
        if (passkey === undefined) throw passkeyNotFound();
        return ok(view(passkey));
      },
    }),
    route({
      method: 'put',
      path: `${PASSKEYS_PATH}/:credential_id`,
      operationId: 'updatePasskey',
      tag: 'mfa',
      summary: 'Replace name and comment of a passkey',
      access: AUTHENTICATED,
      params: ById,
      body: Members({ name: Name(256), comment: OrNull(Text(4_096)) }),
      handle: async ({ params, body, caller, request }) => {
        const owner = ownerOf(caller, params.id);
        await guardChange(caller, owner);
        const input = { name: body.name, comment: body.comment ?? '' };
        await updatePasskey(ctx, caller, request, owner, params.credential_id, input);
        return ok();
      },
    }),
    route({
      method: 'delete',
      path: `${PASSKEYS_PATH}/:credential_id`,
      operationId: 'deletePasskey',
      tag: 'mfa',
      summary: 'Delete a passkey of a person',
      access: AUTHENTICATED,
      params: ById,
      handle: async ({ params, caller, request }) => {
        const owner = ownerOf(caller, params.id);
        await guardChange(caller, owner);
        await removePasskey(ctx, caller, request, owner, params.credential_id);
        return ok();
      },
    }),
  ];
};

/** Others' passkeys are none to whoever may not manage them. */
function ownerOf(caller: Caller, id: string): string {
  if (id === 'current') {
    requirePerson(caller);
    return caller.id;
  }
  const owner = id.toLowerCase();
  const isOwn = caller.kind === 'user' && owner === caller.id;
  if (!isOwn && !caller.permissions.has('webauthn-credentials-manage')) throw userNotFound();
  return owner;
}
