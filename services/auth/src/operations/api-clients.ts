import { AUDIT_EVENTS } from '@strongroom/contracts/audit';
import type { Caller, RequestInfo } from '@strongroom/contracts/caller';
import { randomToken } from '@strongroom/crypto/random';
import type { Queryable } from '@strongroom/db/database';
import { invalidField } from '@strongroom/errors/common-errors';
import type { AuthContext } from '../context.ts';
import type { ApiClient } from '../domain/api-client.ts';
import { apiClientNotFound } from '../domain/errors.ts';
import { lacksPermissionOf, requirePermissionsOf } from '../domain/escalation.ts';
import { openSecret, sealSecret } from '../domain/sealed-secret.ts';
import {
  deleteApiClient as deleteRow,
  findApiClient,
  insertApiClient,
  lockApiClient,
  searchApiClients as searchRows,
  updateApiClient as updateRow,
} from '../store/api-clients.ts';
import type { ListQuery } from '../store/listing.ts';
import { lockRoles } from '../store/roles.ts';
import { announceRights, endSessions } from './effects-at-once.ts';

export interface ApiClientInput {
  name: string;
  roleIds: readonly string[];
}

/** An API client with the secret that it signs in with; empty when the caller may not see it. */
export interface ReadableApiClient {
  client: ApiClient;
  secret: string;
}

const COLUMN = { table: 'api_clients', field: 'secret' } as const;

/** Makes a client with a random secret, which is read by GET. */
export async function createApiClient(
  ctx: AuthContext,
  caller: Caller,
  request: RequestInfo,
  input: ApiClientInput,
): Promise<string> {
  const id = ctx.newId();
  const now = ctx.now();
  await ctx.keyring.sealing(() =>
    ctx.db.transaction(async tx => {
      const permissions = await requireRoles(tx, input.roleIds);
      requirePermissionsOf(
        caller,
        input.roleIds.flatMap(roleId => permissions.get(roleId) ?? []),
      );
      await insertApiClient(tx, {
        id,
        name: input.name,
        sealedSecret: sealSecret(ctx.keyring, COLUMN, id, randomToken()),
        roles: input.roleIds.map(roleId => ({ id: roleId, name: '' })),
        createdAt: now,
        createdBy: caller.id,
        updatedAt: now,
        updatedBy: caller.id,
      });
      await ctx.audit.append(tx, {
        type: AUDIT_EVENTS.apiClientAdded,
        caller,
        request,
        message: { apiClientID: id, apiClient: input.name },
      });
    }),
  );
  ctx.ring();
  return id;
}

/** Replaces name and roles; the secrets stay (clients send them back, and they are ignored). */
export async function updateApiClient(
  ctx: AuthContext,
  caller: Caller,
  request: RequestInfo,
  id: string,
  input: ApiClientInput,
): Promise<void> {
  await ctx.db.transaction(async tx => {
    if (!(await lockApiClient(tx, id))) throw apiClientNotFound();
    const client = await findApiClient(tx, id);
    if (client === undefined) throw apiClientNotFound();
    const before = client.roles.map(role => role.id);
    const permissions = await requireRoles(tx, input.roleIds, before);
    const changed = [
      ...before.filter(roleId => !input.roleIds.includes(roleId)),
      ...input.roleIds.filter(roleId => !before.includes(roleId)),
    ];
    requirePermissionsOf(
      caller,
      changed.flatMap(roleId => permissions.get(roleId) ?? []),
    );
    const roles = input.roleIds.map(roleId => ({ id: roleId, name: '' }));
    const next = { ...client, name: input.name, roles, updatedAt: ctx.now(), updatedBy: caller.id };
    if (!(await updateRow(tx, next))) throw apiClientNotFound();
    await ctx.audit.append(tx, {
      type: AUDIT_EVENTS.apiClientModified,
      caller,
      request,
      message: { apiClientID: id, apiClient: input.name },
    });
    if (changed.length > 0) await announceRights(ctx, tx, [{ kind: 'api-client', id }]);
  });
  ctx.ring();
}

export async function deleteApiClient(
  ctx: AuthContext,
  caller: Caller,
  request: RequestInfo,
  id: string,
): Promise<void> {
  await ctx.db.transaction(async tx => {
    const client = await findApiClient(tx, id);
    if (client === undefined) throw apiClientNotFound();
    requirePermissionsOf(caller, client.permissions);
    if (!(await deleteRow(tx, id))) throw apiClientNotFound();
    await ctx.audit.append(tx, {
      type: AUDIT_EVENTS.apiClientRemoved,
      caller,
      request,
      message: { apiClientID: id, apiClient: client.name },
    });
    await endSessions(ctx, tx, { subjectId: id });
  });
  ctx.ring();
}

export async function readApiClient(
  ctx: AuthContext,
  caller: Caller,
  request: RequestInfo,
  id: string,
): Promise<ReadableApiClient> {
  const client = await findApiClient(ctx.db, id);
  if (client === undefined) throw apiClientNotFound();
  await auditSecretsRead(ctx, caller, request, { apiClientID: id, apiClient: client.name });
  return readable(ctx, caller, client);
}

export async function searchApiClients(
  ctx: AuthContext,
  caller: Caller,
  request: RequestInfo,
  query: ListQuery,
): Promise<{ count: number; clients: ReadableApiClient[] }> {
  const { count, clients } = await searchRows(ctx.db, query);
  await auditSecretsRead(ctx, caller, request, { apiClientIDs: clients.map(client => client.id).join(' ') });
  return { count, clients: await Promise.all(clients.map(client => readable(ctx, caller, client))) };
}

/** Who knows the secret is the client, so it is shown to those alone who may do what the client may. */
const readable = async (ctx: AuthContext, caller: Caller, client: ApiClient): Promise<ReadableApiClient> => ({
  client,
  secret: lacksPermissionOf(caller, client.permissions)
    ? ''
    : await openSecret(ctx.keyring, COLUMN, client.id, client.sealedSecret),
});

const auditSecretsRead = (
  ctx: AuthContext,
  caller: Caller,
  request: RequestInfo,
  message: Readonly<Record<string, string>>,
) => ctx.audit.write({ type: AUDIT_EVENTS.apiClientSecretsRead, caller, request, message });

/** Permissions of each role; those of `others`, which may be gone, beside `ids`. */
async function requireRoles(
  tx: Queryable,
  ids: readonly string[],
  others: readonly string[] = [],
): Promise<ReadonlyMap<string, readonly string[]>> {
  const known = await lockRoles(tx, [...ids, ...others]);
  const unknown = ids.findIndex(id => !known.has(id));
  if (unknown !== -1) throw invalidField(`roles.${unknown}.id`, 'No role has this id');
  const twice = ids.findIndex((id, index) => ids.indexOf(id) !== index);
  if (twice !== -1) throw invalidField(`roles.${twice}.id`, 'The role is listed twice', 'VALUE_DUPLICATE');
  return known;
}
