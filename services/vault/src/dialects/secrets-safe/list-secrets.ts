import type { Caller, RequestInfo } from '@strongroom/contracts/caller';
import { AUTHENTICATED, ok, route, type Route } from '@strongroom/http/route';
import { Line, Members, Timestamp, Type, Uuid, type Static } from '@strongroom/schema/types';
import type { VaultContext } from '../../context.ts';
import { folderInAnyCase, locateFolder } from '../../operations/locate-folder.ts';
import { openSecrets } from '../../operations/open-secrets.ts';
import { searchSecrets } from '../../operations/search-secrets.ts';
import { apiVersion, at, ById, Decrypting, Paging, secretsSafe, Versioned } from './api.ts';
import { secretView, SecretView } from './secret-view.ts';

const Filters = {
  path: Type.Optional(Line(2_048)),
  separator: Type.String({ format: 'line', minLength: 1, maxLength: 1, default: '/' }),
  title: Type.Optional(Line(512)),
  folderId: Type.Optional(Uuid),
  afterDate: Type.Optional(Timestamp),
  ...Paging,
};
const Query = Members({ ...Filters, ...Decrypting, ...Versioned });
type Wanted = Static<typeof Query>;

const Bare = Type.Array(SecretView);
const Wrapped = Members({ TotalCount: Type.Integer(), Data: Bare });

/** Lists of secrets (contract 4, rows 7 and 12; 4.1). */
export const listSecretsRoutes = (ctx: VaultContext): Route[] => [
  route({
    ...secretsSafe,
    method: 'get',
    path: at('/secrets'),
    operationId: 'secretsSafeListSecrets',
    summary: 'The secrets that match, in the order of their names, with their content',
    access: AUTHENTICATED,
    query: Query,
    response: Type.Union([Bare, Wrapped]),
    async handle({ query, caller, request }) {
      const { count, secrets } = await list(ctx, caller, request, query);
      return ok(apiVersion(query) === '3.2' ? { TotalCount: count, Data: secrets } : secrets);
    },
  }),
  route({
    ...secretsSafe,
    method: 'get',
    path: at('/folders/:id/secrets'),
    operationId: 'secretsSafeListFolder',
    summary: 'The secrets right in a folder, without values unless they are asked for',
    access: AUTHENTICATED,
    params: ById,
    query: Members({ ...Paging, ...Versioned, decrypt: Type.Boolean({ default: false }) }),
    response: Bare,
    async handle({ params, query, caller, request }) {
      const { id } = await locateFolder(ctx, caller, request, params);
      return ok((await list(ctx, caller, request, { ...query, folderId: id, separator: '/' })).secrets);
    },
  }),
];

/**
 * Where values are asked for, a list holds what the caller may read: a secret without its value could be taken for an
 * empty one. Else it holds what he may know of.
 */
async function list(ctx: VaultContext, caller: Caller, request: RequestInfo, wanted: Wanted) {
  const folderIds = await foldersOf(ctx, wanted);
  if (folderIds.length > 1) return { count: 0, secrets: [] };
  const { afterDate, limit, offset } = wanted;
  const title = wanted.title?.normalize('NFC');
  const version = apiVersion(wanted);
  const { count, secrets } = await searchSecrets(ctx, caller, request, {
    filter: wanted.decrypt ? 'readable' : '',
    sharedOnly: true,
    activeOnly: true,
    ownerIds: [],
    // An index finds names by parts of them, in any case; the title itself then has to be the same.
    words: (title ?? '').split(' ').filter(word => word !== ''),
    leafIs: title,
    directlyIn: folderIds[0],
    changedSince: afterDate === undefined ? undefined : new Date(afterDate),
    tags: [],
    schema: undefined,
    folder: undefined,
    expiresWithinDays: undefined,
    sortKey: 'name',
    descending: false,
    offset,
    limit,
    counted: version === '3.2',
  });
  const opened = await openSecrets(
    ctx,
    caller,
    request,
    secrets.map(({ id }) => id),
  );
  const showing = { names: await ctx.roles.names(), version, decrypt: wanted.decrypt };
  return {
    count,
    secrets: opened
      .filter(({ data }) => !wanted.decrypt || data !== undefined)
      .map(one => secretView(one, showing)),
  };
}

/** The folders in all of which a secret would have to be. That of no folder is an id that none has. */
async function foldersOf(ctx: VaultContext, { path, separator, folderId }: Wanted): Promise<string[]> {
  const stated = folderId === undefined ? [] : [folderId.toLowerCase()];
  if (path === undefined) return stated;
  const segments = path.split(separator);
  // Folders here are parted by slashes alone, so none has one in its name.
  const isName = separator === '/' || !path.includes('/');
  const folder = isName
    ? await folderInAnyCase(ctx, segments.filter(part => part !== '').join('/'))
    : undefined;
  return [...new Set([...stated, folder?.id ?? NOWHERE])];
}

const NOWHERE = 'ffffffff-ffff-ffff-ffff-ffffffffffff';
