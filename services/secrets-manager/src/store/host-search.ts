import type { Queryable } from '@strongroom/db/database';
import type { Host } from '../domain/host.ts';
import { HOST_COLUMNS } from './hosts.ts';

/** All of these must hold; of a list one is enough. Null finds all. */
export interface HostQuery {
  readonly id: string | null;
  /** Parts of words, in lower case; a host is found when it holds one of them. */
  readonly words: readonly string[] | null;
  readonly externalId: string | null;
  readonly instanceId: string | null;
  /** In lower case. */
  readonly commonNames: readonly string[] | null;
  /** In lower case. */
  readonly addresses: readonly string[] | null;
  /** In capitals. */
  readonly services: readonly string[] | null;
  readonly ports: readonly number[] | null;
  readonly roles: readonly string[] | null;
  readonly tags: readonly string[] | null;
  readonly scopes: readonly string[] | null;
  readonly statuses: readonly string[] | null;
  /** Texts of the document that must be one of these, in lower case. */
  readonly texts: Readonly<Record<DocumentText, readonly string[] | null>>;
  readonly deployable: boolean | null;
  readonly disabled: string | null;
}

export const DOCUMENT_TEXTS = [
  'source_id',
  'access_group_id',
  'distinguished_name',
  'organization',
  'organizational_unit',
  'zone',
  'host_type',
  'host_classification',
  'cloud_provider',
  'cloud_provider_region',
] as const;
export type DocumentText = (typeof DOCUMENT_TEXTS)[number];

export const HOST_SORT_KEYS = [
  'id',
  'common_name',
  'created',
  'updated',
  'external_id',
  'instance_id',
  'disabled',
  'deployable',
  ...DOCUMENT_TEXTS,
] as const;
export type HostSortKey = (typeof HOST_SORT_KEYS)[number];

export interface HostPage {
  readonly sortKey: HostSortKey;
  readonly descending: boolean;
  readonly offset: number;
  readonly limit: number;
}

const WHERE = `WHERE ($1::uuid IS NULL OR id = $1)
  AND ($2::text[] IS NULL OR search_text LIKE ANY ($2))
  AND ($3::text IS NULL OR external_id = $3)
  AND ($4::text IS NULL OR instance_id = $4)
  AND ($5::text[] IS NULL OR common_name = ANY ($5))
  AND ($6::text[] IS NULL OR addresses && $6)
  AND ($7::text[] IS NULL OR services && $7)
  AND ($8::integer[] IS NULL OR ports && $8)
  AND ($9::text[] IS NULL OR roles && $9)
  AND ($10::text[] IS NULL OR tags && $10)
  AND ($11::text[] IS NULL OR document->'scope' ?| $11)
  AND ($12::text[] IS NULL OR jsonb_path_query_array(document, '$.status[*].v') ?| $12)
  AND ($13::boolean IS NULL OR deployable = $13)
  AND ($14::text IS NULL OR disabled = $14)
  AND ($15::text[] IS NULL OR lower(document->>'source_id') = ANY ($15))
  AND ($16::text[] IS NULL OR lower(document->>'access_group_id') = ANY ($16))
  AND ($17::text[] IS NULL OR lower(document->>'distinguished_name') = ANY ($17))
  AND ($18::text[] IS NULL OR lower(document->>'organization') = ANY ($18))
  AND ($19::text[] IS NULL OR lower(document->>'organizational_unit') = ANY ($19))
  AND ($20::text[] IS NULL OR lower(document->>'zone') = ANY ($20))
  AND ($21::text[] IS NULL OR lower(document->>'host_type') = ANY ($21))
  AND ($22::text[] IS NULL OR lower(document->>'host_classification') = ANY ($22))
  AND ($23::text[] IS NULL OR lower(document->>'cloud_provider') = ANY ($23))
  AND ($24::text[] IS NULL OR lower(document->>'cloud_provider_region') = ANY ($24))`;

const OWN_COLUMNS: Readonly<Record<string, string>> = {
  id: 'id',
  common_name: 'common_name',
  created: 'created_at',
  updated: 'updated_at',
  external_id: 'external_id',
  instance_id: 'instance_id',
  disabled: 'disabled',
  deployable: 'deployable',
};

/** One of the constant texts. The id comes last, so that pages neither repeat nor miss a row. */
function orderBy({ sortKey, descending }: HostPage): string {
  const direction = descending ? 'DESC' : 'ASC';
  const column = OWN_COLUMNS[sortKey] ?? `lower(document->>'${sortKey}')`;
  return `ORDER BY ${column} ${direction}, id ${direction}`;
}

const literally = (word: string): string => `%${word.replace(/[\\%_]/g, '\\$&')}%`;

/** One page of the hosts that are found, and how many these are in all. */
export async function searchHosts(
  db: Queryable,
  query: HostQuery,
  page: HostPage,
): Promise<{ count: number; hosts: Host[] }> {
  const filter = [
    query.id,
    query.words?.map(literally) ?? null,
    query.externalId,
    query.instanceId,
    query.commonNames,
    query.addresses,
    query.services,
    query.ports,
    query.roles,
    query.tags,
    query.scopes,
    query.statuses,
    query.deployable,
    query.disabled,
    ...DOCUMENT_TEXTS.map(member => query.texts[member]),
  ];
  const [[total], hosts] = await Promise.all([
    db.query<{ count: number }>(`SELECT count(*)::integer AS count FROM hosts ${WHERE}`, filter),
    db.query<Host>(`SELECT ${HOST_COLUMNS} FROM hosts ${WHERE} ${orderBy(page)} OFFSET $25 LIMIT $26`, [
      ...filter,
      page.offset,
      page.limit,
    ]),
  ]);
  return { count: total?.count ?? 0, hosts };
}

/**
 * The host that offers this service: at the service's own address, or at any of the host where the service names
 * none. An enabled one comes first, then the oldest. Port null: any.
 */
export async function resolveHost(
  db: Queryable,
  wanted: { service: string; address: string; port: number | null },
): Promise<Host | undefined> {
  const [row] = await db.query<Host>(
    `SELECT ${HOST_COLUMNS} FROM hosts
     WHERE addresses @> ARRAY[$2::text] AND EXISTS (
       SELECT FROM jsonb_array_elements(document->'services') AS offered
       WHERE upper(offered->>'service') = $1
         AND ($3::integer IS NULL OR (offered->>'port')::integer = $3)
         AND (lower(offered->>'address') = $2 OR coalesce(offered->>'address', '') = ''))
     ORDER BY disabled <> 'false', id LIMIT 1`,
    [wanted.service, wanted.address, wanted.port],
  );
  return row;
}

/** Two at most: more than one tells the caller nothing that two do not. */
export const findByIdentity = (
  db: Queryable,
  by: { externalId: string } | { instanceId: string } | { addresses: readonly string[] },
): Promise<{ id: string }[]> => {
  if ('externalId' in by) return db.query('SELECT id FROM hosts WHERE external_id = $1', [by.externalId]);
  if ('instanceId' in by) {
    return db.query('SELECT id FROM hosts WHERE instance_id = $1 ORDER BY id LIMIT 2', [by.instanceId]);
  }
  return db.query('SELECT id FROM hosts WHERE addresses && $1::text[] ORDER BY id LIMIT 2', [by.addresses]);
};

/** The tags of all hosts, each once, that hold `part` in any case. */
export async function listTags(
  db: Queryable,
  { part, descending, offset, limit }: { part: string; descending: boolean; offset: number; limit: number },
): Promise<{ count: number; tags: string[] }> {
  const found = `SELECT tag FROM hosts, unnest(tags) AS tag WHERE tag ILIKE $1 GROUP BY tag`;
  const direction = descending ? 'DESC' : 'ASC';
  const [[total], rows] = await Promise.all([
    db.query<{ count: number }>(`SELECT count(*)::integer AS count FROM (${found}) AS tags`, [
      literally(part),
    ]),
    db.query<{ tag: string }>(
      `${found} ORDER BY lower(tag) ${direction}, tag ${direction} OFFSET $2 LIMIT $3`,
      [literally(part), offset, limit],
    ),
  ]);
  return { count: total?.count ?? 0, tags: rows.map(({ tag }) => tag) };
}
