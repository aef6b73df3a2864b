import { AUDIT_EVENTS } from '@strongroom/contracts/audit';
import type { Caller, RequestInfo } from '@strongroom/contracts/caller';
import type { VaultContext } from '../context.ts';
import { ownSecretsOnly } from '../domain/errors.ts';
import { mayManage, mayUsePersonal, type Secret } from '../domain/secret.ts';
import { searchSecrets as searchRows, type SecretQuery } from '../store/search-secrets.ts';

export interface SecretSearch extends Pick<
  SecretQuery,
  'words' | 'sortKey' | 'descending' | 'offset' | 'limit'
> {
  /** `''`: all that the caller may know of, shared ones and his own. */
  readonly filter: 'shared' | 'personal' | 'readable' | 'writable' | 'accessible' | '';
  /** Whose personal secrets; none named: the caller's. */
  readonly ownerIds: readonly string[];
}

/** Secrets that the caller may know of; the filter is part of the query, so no page leaks or thins out. */
export async function searchSecrets(
  ctx: VaultContext,
  caller: Caller,
  request: RequestInfo,
  { filter, ownerIds, ...search }: SecretSearch,
): Promise<{ count: number; secrets: readonly Secret[] }> {
  // Whose secrets the caller may not use are just not found.
  const owners = ownerIds.map(id => id.toLowerCase()).filter(id => mayUsePersonal(caller, id));
  const found = await searchRows(ctx.db, {
    ...search,
    roles: caller.roles,
    all: mayManage(caller),
    filter: filter === 'shared' || filter === 'personal' || filter === '' ? 'any' : filter,
    shared: filter !== 'personal' && ownerIds.length === 0,
    ownerIds: ownerIds.length > 0 ? owners : filter === 'shared' ? [] : [caller.id],
  });
  await ctx.audit.write({
    type: AUDIT_EVENTS.secretsListed,
    caller,
    request,
    message: { keywords: search.words.join(' '), offset: String(search.offset), found: String(found.count) },
  });
  return found;
}

/** The personal secrets of one owner. */
export async function listPersonal(
  ctx: VaultContext,
  caller: Caller,
  request: RequestInfo,
  ownerId: string,
  paging: Pick<SecretQuery, 'offset' | 'limit'>,
): Promise<{ count: number; secrets: readonly Secret[] }> {
  if (!mayUsePersonal(caller, ownerId.toLowerCase())) {
    const error = ownSecretsOnly();
    await ctx.audit.write({
      type: AUDIT_EVENTS.secretAccessDenied,
      caller,
      request,
      message: { ownerID: ownerId.toLowerCase(), reason: error.code },
    });
    throw error;
  }
  return searchSecrets(ctx, caller, request, {
    filter: 'personal',
    ownerIds: [ownerId],
    words: [],
    sortKey: 'name',
    descending: false,
    ...paging,
  });
}
