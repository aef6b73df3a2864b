import { AUDIT_EVENTS } from '@strongroom/contracts/audit';
import type { Caller, RequestInfo } from '@strongroom/contracts/caller';
import type { VaultContext } from '../context.ts';
import { ownSecretsOnly } from '../domain/errors.ts';
import { mayManage, mayUsePersonal, type Secret } from '../domain/secret.ts';
import type { SecretPage } from '../store/find-page.ts';
import type { PageBounds, SecretQuery } from '../store/search-secrets.ts';
import { findInactive } from '../store/versions.ts';

export interface SecretSearch extends Pick<
  SecretQuery,
  | 'words'
  | 'tags'
  | 'schema'
  | 'folder'
  | 'sortKey'
  | 'descending'
  | 'leafContains'
  | 'leafIs'
  | 'directlyIn'
  | 'changedSince'
> {
  /** `''`: all that the caller may know of, shared ones and his own. */
  readonly filter: 'shared' | 'personal' | 'readable' | 'writable' | 'both' | 'accessible' | '';
  /** Whose personal secrets; none named: the caller's. */
  readonly ownerIds: readonly string[];
  /** What expires within so many days, or has. */
  readonly expiresWithinDays: number | undefined;
  /** Without the caller's own, which the other filters include. */
  readonly sharedOnly?: boolean;
  /** Without those whose newest version is deleted. */
  readonly activeOnly?: boolean;
  readonly offset: number;
  readonly limit: number;
  /** Whether the count has to be one of all, however many these are. */
  readonly counted: boolean;
}

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

/** Secrets that the caller may know of; the filter is part of the query, so no page leaks or thins out. */
export async function searchSecrets(
  ctx: Pick<VaultContext, 'findPage' | 'audit' | 'now'>,
  caller: Caller,
  request: RequestInfo,
  search: SecretSearch,
): Promise<SecretPage> {
  const { filter, ownerIds, expiresWithinDays, sharedOnly, activeOnly, offset, limit, counted, ...asked } =
    search;
  // Whose secrets the caller may not use are just not found.
  const owners = ownerIds.map(id => id.toLowerCase()).filter(id => mayUsePersonal(caller, id));
  // By whole minutes, so that the pages of one search ask the same.
  const minute = Math.ceil(ctx.now().getTime() / MINUTE_MS) * MINUTE_MS;
  const query: SecretQuery = {
    ...asked,
    roles: caller.roles,
    all: mayManage(caller),
    filter: filter === 'shared' || filter === 'personal' || filter === '' ? 'any' : filter,
    shared: filter !== 'personal' && ownerIds.length === 0,
    ownerIds: ownerIds.length > 0 ? owners : filter === 'shared' || sharedOnly === true ? [] : [caller.id],
    expiresBefore:
      expiresWithinDays === undefined ? undefined : new Date(minute + expiresWithinDays * DAY_MS),
    readableAt: activeOnly === true ? new Date(minute) : undefined,
  };
  const found = await ctx.findPage(query, { offset, limit }, counted);
  await ctx.audit.write({
    type: AUDIT_EVENTS.secretsListed,
    caller,
    request,
    message: { keywords: asked.words.join(' '), offset: String(offset), found: String(found.count) },
  });
  return found;
}

/** What a list asks for: whatever there is, by name. */
const EVERYTHING = {
  ownerIds: [],
  words: [],
  tags: [],
  schema: undefined,
  folder: undefined,
  expiresWithinDays: undefined,
  sortKey: 'name',
  descending: false,
  counted: true,
} as const;

/** The shared secrets that the caller may know of. */
export const listShared = (
  ctx: VaultContext,
  caller: Caller,
  request: RequestInfo,
  paging: PageBounds,
): Promise<SecretPage> => searchSecrets(ctx, caller, request, { ...EVERYTHING, filter: 'shared', ...paging });

/** The personal secrets of one owner. */
export async function listPersonal(
  ctx: VaultContext,
  caller: Caller,
  request: RequestInfo,
  ownerId: string,
  paging: PageBounds,
): Promise<SecretPage> {
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
    ...EVERYTHING,
    filter: 'personal',
    ownerIds: [ownerId],
    ...paging,
  });
}

/** Those of secrets that were found whose newest version is deleted. */
export const inactiveAmong = (
  ctx: Pick<VaultContext, 'db' | 'now'>,
  secrets: readonly Secret[],
): Promise<ReadonlySet<string>> =>
  findInactive(
    ctx.db,
    secrets.map(({ id }) => id),
    ctx.now(),
  );
