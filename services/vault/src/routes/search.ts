import { paging, isDescending, SortDirection } from '@strongroom/http/paging';
import { AUTHENTICATED, ok, route, type Route } from '@strongroom/http/route';
import { Choice, Envelope, Line, Members, Name, OrNull, Type } from '@strongroom/schema/types';
import type { VaultContext } from '../context.ts';
import { listPersonal, listShared, searchSecrets } from '../operations/search-secrets.ts';
import { MAX_NAME_LENGTH } from '../domain/secret-name.ts';
import { MAX_TAG_LENGTH, MAX_TAGS } from '../domain/secret.ts';
import { metadataView, SecretMetadataView, tagList } from './secret-view.ts';

const PREFIX = '/vault/api/v1';
const MAX_WORDS = 20;
const Page = Envelope(SecretMetadataView);
const pagingQuery = paging({ limit: 100, max: 100 });

/** Lists without content (contract 2.2, 2.4). */
export const searchRoutes = (ctx: VaultContext): Route[] => [
  route({
    method: 'get',
    path: `${PREFIX}/secrets`,
    operationId: 'listSecrets',
    tag: 'secrets',
    summary: 'List the secrets that the caller may know of; count is 0 beyond the last page',
    access: AUTHENTICATED,
    query: Members(pagingQuery),
    response: Page,
    handle: async ({ query, caller, request }) => {
      const { count, secrets } = await listShared(ctx, caller, request, query);
      const names = await ctx.roles.names();
      return ok({
        // External Secrets Operator pages until the count is 0 (contract 0.3).
        count: query.offset >= count ? 0 : count,
        items: secrets.map(secret => metadataView(secret, names)),
      });
    },
  }),
  route({
    method: 'get',
    path: `${PREFIX}/user/:user_id/secrets`,
    operationId: 'listUserSecrets',
    tag: 'secrets',
    summary: 'List the personal secrets of an owner',
    access: AUTHENTICATED,
    params: Members({ user_id: Line(128, 1) }),
    query: Members(pagingQuery),
    response: Page,
    handle: async ({ params, query, caller, request }) => {
      const { count, secrets } = await listPersonal(ctx, caller, request, params.user_id, query);
      const names = await ctx.roles.names();
      return ok({ count, items: secrets.map(secret => metadataView(secret, names)) });
    },
  }),
  route({
    method: 'post',
    path: `${PREFIX}/search/secrets`,
    operationId: 'searchSecrets',
    tag: 'secrets',
    summary:
      'Search by name, tags, schema, folder, expiry and right; ' +
      'in a large vault count is a lower bound, and more than offset and limit while others follow',
    access: AUTHENTICATED,
    query: Members({
      ...pagingQuery,
      sortkey: Type.Optional(Choice('name', 'updated', 'created')),
      sortdir: Type.Optional(SortDirection),
    }),
    body: Members({
      keywords: OrNull(Line(1_000)),
      owner_id: OrNull(Type.Array(Line(128), { maxItems: 100 })),
      filter: OrNull(Choice('personal', 'shared', 'readable', 'writable', 'accessible', '')),
      tags: OrNull(Type.Array(Name(MAX_TAG_LENGTH), { maxItems: MAX_TAGS, description: 'All of them' })),
      schema: OrNull(Line(128)),
      folder: OrNull(Line(MAX_NAME_LENGTH, 0)),
      expires_within_days: OrNull(
        Type.Integer({ minimum: 0, maximum: 36_500, description: 'What has expired is among it' }),
      ),
    }),
    response: Page,
    handle: async ({ query, body, caller, request }) => {
      const { count, secrets } = await searchSecrets(ctx, caller, request, {
        filter: body.filter ?? '',
        ownerIds: body.owner_id ?? [],
        words: (body.keywords ?? '')
          .normalize('NFC')
          .split(/[\s,]+/)
          .filter(word => word !== '')
          .slice(0, MAX_WORDS),
        tags: tagList(body.tags ?? []),
        schema: body.schema ?? undefined,
        folder: folderPath(body.folder ?? ''),
        expiresWithinDays: body.expires_within_days ?? undefined,
        sortKey: query.sortkey ?? 'name',
        descending: isDescending(query.sortdir),
        offset: query.offset,
        limit: query.limit,
        counted: false,
      });
      const names = await ctx.roles.names();
      return ok({ count, items: secrets.map(secret => metadataView(secret, names)) });
    },
  }),
];

/** As names begin with it; with or without a slash at its ends. */
function folderPath(text: string): string | undefined {
  const path = text
    .normalize('NFC')
    .trim()
    .replace(/^\/+|\/+$/g, '');
  return path === '' ? undefined : path;
}
