import { AUTHENTICATED, created, ok, route, withPermission, type Route } from '@strongroom/http/route';
import { invalidField } from '@strongroom/errors/common-errors';
import { FreeObject, Members, OrNull, Type } from '@strongroom/schema/types';
import type { VaultContext } from '../context.ts';
import { parseSecretName } from '../domain/secret-name.ts';
import { MAX_ROLES } from '../domain/secret.ts';
import { createSecret } from '../operations/create-secret.ts';
import { deleteSecret } from '../operations/delete-secret.ts';
import { readMetadata, readSecret } from '../operations/read-secret.ts';
import { updateSecret } from '../operations/update-secret.ts';
import {
  metadataView,
  NameInput,
  RoleHandleInput,
  roleIds,
  SecretMetadataView,
  secretView,
  SecretView,
} from './secret-view.ts';

const PREFIX = '/vault/api/v1';
const ByName = Members({ name: NameInput });
const RoleList = OrNull(Type.Array(RoleHandleInput, { maxItems: MAX_ROLES }));
const SecretInput = {
  data: OrNull(FreeObject),
  read_roles: RoleList,
  write_roles: RoleList,
};

/** Shared secrets (contract 2.2). `{name}` may hold slashes, encoded or not. */
export const secretRoutes = (ctx: VaultContext): Route[] => [
  route({
    method: 'post',
    path: `${PREFIX}/secrets`,
    operationId: 'createSecret',
    tag: 'secrets',
    summary: 'Create a secret',
    access: withPermission('vault-add', 'vault-manage'),
    status: 201,
    body: Members({ name: NameInput, ...SecretInput }),
    response: Members({ name: Type.String() }),
    handle: async ({ body, caller, request }) => {
      const secret = await createSecret(ctx, caller, request, {
        name: body.name,
        data: body.data ?? {},
        readRoles: roleIds(body.read_roles ?? []),
        writeRoles: roleIds(body.write_roles ?? []),
      });
      return created({ name: secret.name }, `${PREFIX}/secrets/${encodeURIComponent(secret.name)}`);
    },
  }),
  route({
    method: 'get',
    path: `${PREFIX}/secrets/*name`,
    operationId: 'getSecret',
    tag: 'secrets',
    summary: 'Read a secret with its content',
    access: AUTHENTICATED,
    params: ByName,
    response: SecretView,
    handle: async ({ params, caller, request }) => {
      const { secret, data } = await readSecret(ctx, caller, request, params.name);
      return ok(secretView(secret, data, await ctx.roles.names()));
    },
  }),
  route({
    method: 'put',
    path: `${PREFIX}/secrets/*name`,
    operationId: 'updateSecret',
    tag: 'secrets',
    summary: 'Replace content and roles; absent members stay, null empties a role list',
    access: AUTHENTICATED,
    params: ByName,
    body: Members({ name: OrNull(NameInput), ...SecretInput }),
    handle: async ({ params, body, caller, request }) => {
      refuseRename(params.name, body.name);
      await updateSecret(ctx, caller, request, params.name, {
        data: body.data ?? undefined,
        readRoles: body.read_roles === undefined ? undefined : roleIds(body.read_roles ?? []),
        writeRoles: body.write_roles === undefined ? undefined : roleIds(body.write_roles ?? []),
      });
      return ok();
    },
  }),
  route({
    method: 'delete',
    path: `${PREFIX}/secrets/*name`,
    operationId: 'deleteSecret',
    tag: 'secrets',
    summary: 'Delete a secret with all its versions',
    access: AUTHENTICATED,
    params: ByName,
    handle: async ({ params, caller, request }) => {
      await deleteSecret(ctx, caller, request, params.name);
      return ok();
    },
  }),
  route({
    method: 'get',
    path: `${PREFIX}/metadata/secrets/*name`,
    operationId: 'getSecretMetadata',
    tag: 'secrets',
    summary: 'Read a secret without its content',
    access: AUTHENTICATED,
    params: ByName,
    response: SecretMetadataView,
    handle: async ({ params, caller, request }) =>
      ok(metadataView(await readMetadata(ctx, caller, request, params.name), await ctx.roles.names())),
  }),
];

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
