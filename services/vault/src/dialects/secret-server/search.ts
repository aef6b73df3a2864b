import type { Caller, RequestInfo } from '@strongroom/contracts/caller';
import { badRequest } from '@strongroom/errors/common-errors';
import { AUTHENTICATED, ok, route, type Route } from '@strongroom/http/route';
import { Page, pageBounds, pageOf, PageQuery, SortQuery } from '@strongroom/http/secret-server-page';
import { Choice, Members, Text, Type, type Static } from '@strongroom/schema/types';
import type { VaultContext } from '../../context.ts';
import { mayManage, type Secret } from '../../domain/secret.ts';
import { locateSecret } from '../../operations/locate-secret.ts';
import { readFolder } from '../../operations/read-folder.ts';
import { allSchemas } from '../../operations/read-schema.ts';
import { readMetadata } from '../../operations/read-secret.ts';
import { inactiveAmong, searchSecrets } from '../../operations/search-secrets.ts';
import { ById, ByPath, secretKey } from './secret-key.ts';
import { nameInFolder } from './secret-view.ts';
import { summaryView, SummaryView } from './summary-view.ts';
import { inVersions, secretServer, V1, V1_AND_V2 } from './versions.ts';

const flag = Type.Optional(Type.Boolean());
const MAX_WORDS = 32;

/**
 * The filters that are known (contract 5.6). Others are refused, as is a wish that nothing here can match: to pass it
 * over would find what was not asked for.
 */
const filters = {
  'filter.searchText': Type.Optional(Text(1_000)),
  'filter.searchField': Type.Optional(Text(256)),
  'filter.searchFieldSlug': Type.Optional(Text(256)),
  'filter.isExactMatch': flag,
  'filter.folderId': Type.Optional(Type.Integer({ minimum: 1 })),
  'filter.includeSubFolders': flag,
  'filter.includeActive': flag,
  'filter.includeInactive': flag,
  'filter.permissionRequired': Type.Optional(Choice('List', 'View', 'Edit', 'Owner')),
  'filter.scope': Type.Optional(Choice('All', 'Recent', 'Favorites')),
  'filter.secretTemplateId': Type.Optional(Type.Integer()),
  'filter.siteId': Type.Optional(Type.Integer()),
  // Of these, what is asked for is what there is: nothing is restricted or locked, and totals are told always.
  'filter.allowDoubleLocks': flag,
  'filter.includeRestricted': flag,
  'filter.doNotCalculateTotal': flag,
  // Further columns of the result, which would open every secret: the secret itself has them.
  'filter.extendedFields': Type.Optional(Type.Array(Text(256), { maxItems: 100 })),
  'filter.extFieldsCombined': Type.Optional(Text(2_048)),
  'filter.onlyRPCEnabled': flag,
  'filter.onlyCheckedOutSecrets': flag,
  'filter.onlySecretsCheckedOutByUser': flag,
  'filter.onlySharedWithMe': flag,
  'filter.hasLauncher': flag,
};
const SearchQuery = Members({ ...filters, ...PageQuery, ...SortQuery });
type Query = Static<typeof SearchQuery>;

const UNMATCHED = [
  'filter.onlyRPCEnabled',
  'filter.onlyCheckedOutSecrets',
  'filter.onlySecretsCheckedOutByUser',
  'filter.onlySharedWithMe',
  'filter.hasLauncher',
] as const;

const LookupView = Members({ id: Type.Integer(), value: Type.String() });
const lookupView = (secret: Secret) => ({ id: secret.number, value: nameInFolder(secret.name) });

/** Searching secrets by their names (contract 5, rows 9 to 11). Whatever is found can be read. */
export const searchRoutes = (ctx: VaultContext): Route[] => [
  ...inVersions(V1_AND_V2, (at, named) =>
    route({
      ...secretServer,
      method: 'get',
      path: at('/secrets'),
      operationId: named('SearchSecrets'),
      summary: 'Search the secrets that the caller may read, by name, folder and template',
      access: AUTHENTICATED,
      query: SearchQuery,
      response: Page(SummaryView),
      async handle({ query, caller, request }) {
        const { count, secrets } = await search(ctx, caller, request, query, false);
        const [inactive, schemas] = await Promise.all([
          query['filter.includeInactive'] === true ? inactiveAmong(ctx, secrets) : new Set<string>(),
          allSchemas(ctx),
        ]);
        const byName = new Map(schemas.map(schema => [schema.name, schema]));
        const records = secrets.map(secret =>
          summaryView(secret, byName.get(secret.schema ?? ''), !inactive.has(secret.id), ctx.now()),
        );
        return ok(pageOf(records, count, query));
      },
    }),
  ),
  ...inVersions(V1_AND_V2, (at, named) =>
    route({
      ...secretServer,
      method: 'get',
      path: at('/secrets/search-total'),
      operationId: named('CountSecrets'),
      summary: 'How many secrets a search finds',
      access: AUTHENTICATED,
      query: SearchQuery,
      response: Type.Integer(),
      handle: async ({ query, caller, request }) =>
        ok((await search(ctx, caller, request, { ...query, skip: 0, take: 1 }, true)).count),
    }),
  ),
  ...inVersions(V1, (at, named) =>
    route({
      ...secretServer,
      method: 'get',
      path: at('/secrets/lookup'),
      operationId: named('LookUpSecrets'),
      summary: 'The same search, for numbers and names alone',
      access: AUTHENTICATED,
      query: SearchQuery,
      response: Page(LookupView),
      async handle({ query, caller, request }) {
        const { count, secrets } = await search(ctx, caller, request, query, false);
        return ok(pageOf(secrets.map(lookupView), count, query));
      },
    }),
  ),
  ...inVersions(V1, (at, named) =>
    route({
      ...secretServer,
      method: 'get',
      path: at('/secrets/lookup/:id'),
      operationId: named('LookUpSecret'),
      summary: 'Number and name of one secret',
      access: AUTHENTICATED,
      params: ById,
      query: Members(ByPath),
      response: LookupView,
      async handle({ params, query, caller, request }) {
        const address = await locateSecret(ctx, caller, request, secretKey(params.id, query.secretPath));
        return ok(lookupView(await readMetadata(ctx, caller, request, address)));
      },
    }),
  ),
];

const NOTHING = { count: 0, secrets: [] as readonly Secret[] };

async function search(
  ctx: VaultContext,
  caller: Caller,
  request: RequestInfo,
  query: Query,
  counted: boolean,
): Promise<{ count: number; secrets: readonly Secret[] }> {
  requireKnownWishes(query);
  const right = query['filter.permissionRequired'] ?? 'List';
  if (right === 'Owner' && !mayManage(caller)) return NOTHING;
  if ((query['filter.siteId'] ?? 1) !== 1) return NOTHING;
  const schema = await templateName(ctx, query['filter.secretTemplateId']);
  if (schema === null) return NOTHING;
  const folderId = query['filter.folderId'];
  const folder =
    folderId === undefined ? undefined : await readFolder(ctx, caller, request, { number: folderId });
  const isDeep = query['filter.includeSubFolders'] === true;
  const text = (query['filter.searchText'] ?? '').normalize('NFC').trim();
  const isExact = query['filter.isExactMatch'] === true;
  return searchSecrets(ctx, caller, request, {
    filter: right === 'Edit' ? 'both' : 'readable',
    sharedOnly: true,
    activeOnly: query['filter.includeInactive'] !== true,
    ownerIds: [],
    words: text
      .split(/[\s,]+/)
      .filter(word => word !== '')
      .slice(0, MAX_WORDS),
    leafContains: text === '' || isExact ? undefined : text,
    leafIs: text === '' || !isExact ? undefined : text,
    tags: [],
    schema,
    folder: isDeep ? folder?.path : undefined,
    directlyIn: isDeep ? undefined : folder?.id,
    expiresWithinDays: undefined,
    ...order(query),
    ...pageBounds(query),
    counted,
  });
}

function requireKnownWishes(query: Query): void {
  if (UNMATCHED.some(name => query[name] === true) || (query['filter.scope'] ?? 'All') !== 'All') {
    throw badRequest('A filter of this search is not supported');
  }
  if (query['filter.includeActive'] === false) throw badRequest('Active secrets cannot be left out');
  const field = query['filter.searchFieldSlug'] ?? query['filter.searchField'];
  // All else is sealed: to search it, every secret would have to be opened.
  if (field !== undefined && field.toLowerCase() !== 'name' && field.toLowerCase() !== 'secretname') {
    throw badRequest('Only the names of secrets can be searched');
  }
}

/** Undefined: none is asked for; null: there is none of this number. */
async function templateName(
  ctx: VaultContext,
  number: number | undefined,
): Promise<string | undefined | null> {
  if (number === undefined) return undefined;
  return (await allSchemas(ctx)).find(schema => schema.number === number)?.name ?? null;
}

const SORT_KEYS: Readonly<Record<string, 'name' | 'created'>> = {
  name: 'name',
  secretname: 'name',
  createdate: 'created',
  created: 'created',
};

function order(query: Query): { sortKey: 'name' | 'created'; descending: boolean } {
  const name = query['sortBy[0].name'];
  const sortKey = name === undefined ? 'name' : SORT_KEYS[name.toLowerCase()];
  if (sortKey === undefined) throw badRequest('Secrets are sorted by name or createDate');
  return { sortKey, descending: query['sortBy[0].direction'] === 'Desc' };
}
