import { AUDIT_EVENTS } from '@strongroom/contracts/audit';
import type { Caller, RequestInfo } from '@strongroom/contracts/caller';
import type { VaultContext } from '../context.ts';
import { mayManage, type Secret } from '../domain/secret.ts';
import { searchSecrets as searchRows, type SecretQuery } from '../store/secrets.ts';

export type SecretSearch = Omit<SecretQuery, 'roles' | 'all'>;

/** Secrets that the caller may know of; the filter is part of the query, so no page leaks or thins out. */
export async function searchSecrets(
  ctx: VaultContext,
  caller: Caller,
  request: RequestInfo,
  search: SecretSearch,
): Promise<{ count: number; secrets: readonly Secret[] }> {
  const found = await searchRows(ctx.db, { ...search, roles: caller.roles, all: mayManage(caller) });
  await ctx.audit.write({
    type: AUDIT_EVENTS.secretsListed,
    caller,
    request,
    message: { keywords: search.words.join(' '), offset: String(search.offset), found: String(found.count) },
  });
  return found;
}
