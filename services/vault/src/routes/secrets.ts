import { entityTag, readIfMatch, readIfNoneMatch } from '@strongroom/http/entity-tags';
import {
  AUTHENTICATED,
  created,
  ok,
  route,
  withPermission,
  type Reply,
  type Route,
} from '@strongroom/http/route';
import { invalidField } from '@strongroom/errors/common-errors';
import { Line, Members, OrNull, Type } from '@strongroom/schema/types';
import type { Caller, RequestInfo } from '@strongroom/contracts/caller';
import type { VaultContext } from '../context.ts';
import { parseSecretName } from '../domain/secret-name.ts';
import type { Secret, SecretAddress } from '../domain/secret.ts';
import { createSecret, type CreatedSecret } from '../operations/create-secret.ts';
import { deleteSecret } from '../operations/delete-secret.ts';
import { once } from '../operations/once.ts';
import { readMetadata, readSecret } from '../operations/read-secret.ts';
import { updateSecret } from '../operations/update-secret.ts';
import { DeleteConditions, OnceOnly, ReadConditions, WriteConditions } from './conditions.ts';
import {
  metadataView,
  NameInput,
  SecretInput,
  SecretMetadataView,
  secretView,
  SecretView,
  toChange,
  toNewSecret,
} from './secret-view.ts';

const PREFIX = '/vault/api/v1';

/** Shared secrets (contract 2.2), and the personal ones of an owner (2.3). */
export const secretRoutes = (ctx: VaultContext): Route[] => [
  ...routesOf(ctx, 'shared'),
  ...routesOf(ctx, 'personal'),
];

/** `{name}` may hold slashes, encoded or not. */
function routesOf(ctx: VaultContext, kind: 'shared' | 'personal'): Route[] {
  const personal = kind === 'personal';
  const prefix = personal ? `${PREFIX}/user/:user_id` : PREFIX;
  const what = personal ? 'personal secret' : 'secret';
  const operation = (shared: string, own: string) => (personal ? own : shared);
  const owner = personal ? { user_id: Line(128, 1) } : {};
  const Owner = Type.Unsafe<{ user_id?: string }>(Members(owner));
  const ByName = Type.Unsafe<{ user_id?: string; name: string }>(Members({ ...owner, name: NameInput }));
  const addressOf = (params: { user_id?: string; name: string }): SecretAddress => ({
    ownerId: params.user_id,
    name: params.name,
  });
  return [
    route({
      method: 'post',
      path: `${prefix}/secrets`,
      operationId: operation('createSecret', 'createUserSecret'),
      tag: 'secrets',
      summary: `Create a ${what}`,
      access: personal ? AUTHENTICATED : withPermission('vault-add', 'vault-manage'),
      status: 201,
      params: Owner,
      headers: OnceOnly,
      body: Members({ name: NameInput, ...SecretInput }),
      response: Members({ name: Type.String() }),
      handle: ({ params, headers, body, caller, request }) => {
        const input = toNewSecret(addressOf({ ...params, name: body.name }), body);
        return once<CreatedSecret, Reply>(
          ctx,
          { caller, request, key: headers['idempotency-key'], target: ['create', input] },
          ({ name, ownerId }) => created({ name }, locationOf({ name, ownerId })),
          remember => createSecret(ctx, caller, request, input, remember),
        );
      },
    }),
    route({
      method: 'get',
      path: `${prefix}/secrets/*name`,
      operationId: operation('getSecret', 'getUserSecret'),
      tag: 'secrets',
      summary: `Read a ${what} with its content`,
      access: AUTHENTICATED,
      params: ByName,
      headers: ReadConditions,
      response: SecretView,
      handle: ({ params, headers, caller, request }) =>
        answerSecret(ctx, caller, request, addressOf(params), headers['if-none-match']),
    }),
    route({
      method: 'put',
      path: `${prefix}/secrets/*name`,
      operationId: operation('updateSecret', 'updateUserSecret'),
      tag: 'secrets',
      summary: `Change a ${what}; absent members stay, null empties a list`,
      access: AUTHENTICATED,
      params: ByName,
      headers: WriteConditions,
      body: Members({ name: OrNull(NameInput), ...SecretInput }),
      handle: ({ params, headers, body, caller, request }) => {
        refuseRename(params.name, body.name);
        const address = addressOf(params);
        const change = toChange(body);
        const expected = { revisions: readIfMatch(headers['if-match']) };
        return once<Secret, Reply>(
          ctx,
          {
            caller,
            request,
            key: headers['idempotency-key'],
            target: ['update', address, change, expected],
          },
          secret => ({ headers: { etag: entityTag(secret.revision) } }),
          remember => updateSecret(ctx, caller, request, address, change, expected, remember),
        );
      },
    }),
    route({
      method: 'delete',
      path: `${prefix}/secrets/*name`,
      operationId: operation('deleteSecret', 'deleteUserSecret'),
      tag: 'secrets',
      summary: `Delete a ${what} with all its versions`,
      access: AUTHENTICATED,
      params: ByName,
      headers: DeleteConditions,
      handle: async ({ params, headers, caller, request }) => {
        const revisions = readIfMatch(headers['if-match']);
        await deleteSecret(ctx, caller, request, addressOf(params), { revisions });
        return ok();
      },
    }),
    route({
      method: 'get',
      path: `${prefix}/metadata/secrets/*name`,
      operationId: operation('getSecretMetadata', 'getUserSecretMetadata'),
      tag: 'secrets',
      summary: `Read a ${what} without its content`,
      access: AUTHENTICATED,
      params: ByName,
      response: SecretMetadataView,
      handle: async ({ params, caller, request }) => {
        const secret = await readMetadata(ctx, caller, request, addressOf(params));
        return {
          body: metadataView(secret, await ctx.roles.names()),
          headers: { etag: entityTag(secret.revision) },
        };
      },
    }),
  ];
}

/** The entity tag stands for content and metadata; the names of roles may change without it. */
async function answerSecret(
  ctx: VaultContext,
  caller: Caller,
  request: RequestInfo,
  address: SecretAddress,
  ifNoneMatch: string | undefined,
): Promise<Reply> {
  const { secret, data } = await readSecret(ctx, caller, request, address, readIfNoneMatch(ifNoneMatch));
  const headers = { etag: entityTag(secret.revision) };
  if (data === undefined) return { status: 304, headers };
  return { body: secretView(secret, data, await ctx.roles.names()), headers };
}

const locationOf = ({ name, ownerId }: SecretAddress): string =>
  `${PREFIX}${ownerId === undefined ? '' : `/user/${encodeURIComponent(ownerId)}`}/secrets/${encodeURIComponent(name)}`;

/** Go's SDK repeats the name in the body. Another one would be a wish to rename that must not go unheard. */
function refuseRename(name: string, stated: string | null | undefined): void {
  if (stated === undefined || stated === null || stated === '') return;
  if (parseSecretName(stated) !== parseSecretName(name)) {
    throw invalidField(
      'name',
      'name differs from the path; a secret cannot be renamed by PUT',
      'VALUE_INCORRECT_FORMAT',
    );
  }
}
