import { SECRET_COLUMNS, SECRET_JOINS } from './secret-rows.ts';

/*
 * The statements of the search (docs/adr/0028-search.md). All of them take the filter as $1 to $15 (`filterValues`) and
 * must be planned with these values, so that what is not asked for falls out.
 */

export type SecretSortKey = 'name' | 'created' | 'updated';

export interface SecretFilter {
  /** Roles of the caller; only shared secrets that name one of them, or whose folder does, are found, unless `all`. */
  roles: readonly string[];
  all: boolean;
  filter: 'any' | 'readable' | 'writable' | 'both' | 'accessible';
  /** Whether shared secrets are looked at. */
  shared: boolean;
  /** Whose personal secrets are looked at; the caller may use all of them. */
  ownerIds: readonly string[];
  /** Each must be part of the name, in any case. They hold no blank. */
  words: readonly string[];
  /** Each must be among the secret's. */
  tags: readonly string[];
  /** Name of the schema. */
  schema: string | undefined;
  /** The name begins with this path. */
  folder: string | undefined;
  expiresBefore: Date | undefined;
  /** What stands behind the name's last slash must have this as a part, in any case. */
  leafContains?: string | undefined;
  /** It must be this, in this case. */
  leafIs?: string | undefined;
  /** Id of the folder in which it is, not further below. */
  directlyIn?: string | undefined;
  /** Its newest version must not be deleted then. */
  readableAt?: Date | undefined;
  /** It was made or changed then or later. */
  changedSince?: Date | undefined;
}

export interface SecretOrder {
  sortKey: SecretSortKey;
  descending: boolean;
}

export const filterValues = (filter: SecretFilter): unknown[] => [
  // Blanks keep them apart, so that the database lowers them just as it lowers names.
  filter.words.map(containing).join(' '),
  filter.all,
  filter.roles,
  filter.filter,
  filter.shared,
  filter.ownerIds,
  filter.tags,
  filter.schema,
  filter.folder,
  filter.expiresBefore,
  filter.leafContains === undefined ? undefined : containing(filter.leafContains),
  filter.leafIs,
  filter.directlyIn,
  filter.readableAt,
  filter.changedSince,
];

/** A pattern of LIKE. */
const containing = (text: string): string => `%${text.replace(/[\\%_]/g, '\\$&')}%`;

/** What `matches` and every order look at. */
const COLUMNS = `s.id, s.name, s.owner_id, s.folder_id, s.read_roles, s.write_roles, s.tags, s.schema_id, s.expires_at,
  s.created_at, s.updated_at, s.current_version`;

/** `0` follows `/`. */
const BELOW_FOLDER = `($9::text IS NULL OR s.name COLLATE "C" > $9 || '/' AND s.name COLLATE "C" < $9 || '0')`;

const ATTRIBUTES = `($7::text[] = '{}' OR s.tags @> $7)
  AND ($8::text IS NULL OR s.schema_id = (SELECT id FROM schemas WHERE name = $8))
  AND ($10::timestamptz IS NULL OR s.expires_at <= $10) AND ${BELOW_FOLDER}
  AND ($13::uuid IS NULL OR s.folder_id = $13)`;

const LEAF = `substring(s.name FROM '[^/]*$')`;
const LEAF_MATCHES = `($11::text IS NULL OR lower(${LEAF}) LIKE lower($11)) AND ($12::text IS NULL OR ${LEAF} = $12)`;

const IS_READABLE_THEN = `($14::timestamptz IS NULL OR EXISTS (
    SELECT FROM secret_versions v WHERE v.secret_id = s.id AND v.version = s.current_version
      AND v.destroyed_at IS NULL AND (v.deletion_time IS NULL OR v.deletion_time > $14)))`;

const READABLE = `(s.read_roles && $3::uuid[] OR f.effective_read_roles && $3::uuid[])`;
const WRITABLE = `(s.write_roles && $3::uuid[] OR f.effective_write_roles && $3::uuid[])`;

/** The rights of the caller are part of it; personal secrets are in question only where he may use them. */
const MATCHES = `(lower(s.name) LIKE ALL (string_to_array(lower($1), ' ')) AND ${ATTRIBUTES} AND ${LEAF_MATCHES}
  AND (s.owner_id IS NOT NULL OR ($2 OR coalesce(${READABLE} OR ${WRITABLE}, false))
    AND CASE $4
          WHEN 'readable' THEN coalesce(${READABLE}, false)
          WHEN 'writable' THEN coalesce(${WRITABLE}, false)
          WHEN 'both' THEN coalesce(${READABLE} AND ${WRITABLE}, false)
          WHEN 'accessible' THEN coalesce(${READABLE} OR ${WRITABLE}, false)
          ELSE true
        END)
  AND ($15::timestamptz IS NULL OR s.updated_at >= $15) AND ${IS_READABLE_THEN})`;

const WITH_FOLDER = 'LEFT JOIN folders f ON f.id = s.folder_id';

/**
 * Shared and personal secrets apart: each have an index of their own. With `= ANY`, an array without owners would let
 * the planner seek personal secrets in the index of shared ones.
 */
const both = (part: (which: string) => string) => `(${part(`$5 AND s.owner_id IS NULL AND ${BELOW_FOLDER}`)})
  UNION ALL (${part(`s.owner_id IN (SELECT unnest($6::text[])) AND ${BELOW_FOLDER}`)})`;

/** Names sort by code point, in every database. */
const KEYS: Record<SecretSortKey, string> = {
  name: 's.name COLLATE "C"',
  created: 's.created_at',
  updated: 's.updated_at',
};
const KEY_TYPES: Record<SecretSortKey, string> = {
  name: 'text',
  created: 'timestamptz',
  updated: 'timestamptz',
};

const inOrder = (key: string, direction: string) => `ORDER BY ${key} ${direction}, s.id ${direction}`;

const candidates = (tail: string) => `SELECT ${COLUMNS} FROM (
  ${both(which => `SELECT ${COLUMNS} FROM secrets s WHERE ${which} ${tail}`)}) s ${tail}`;

/** Candidates: a set of secrets, cut off where it has more than $18 of them. */
const CANDIDATES = {
  /** The first in the order asked for. */
  first: (order: string) => candidates(`${order} LIMIT $18`),
  any: () => candidates('LIMIT $18'),
  /** Those that the caller may know of, whatever else is asked: the planner picks indexes of roles. */
  known: () => `SELECT ${COLUMNS} FROM secrets s WHERE s.id IN (
      (SELECT s.id FROM secrets s WHERE $5 AND s.owner_id IS NULL AND s.read_roles && $3::uuid[] LIMIT $18)
      UNION
      (SELECT s.id FROM secrets s WHERE $5 AND s.owner_id IS NULL AND s.write_roles && $3::uuid[] LIMIT $18)
      UNION
      (SELECT s.id FROM folders f JOIN secrets s ON s.folder_id = f.id
       WHERE $5 AND (f.effective_read_roles && $3::uuid[] OR f.effective_write_roles && $3::uuid[]) LIMIT $18)
      UNION
      (SELECT s.id FROM secrets s WHERE s.owner_id = ANY ($6::text[]) LIMIT $18))`,
  /** Those that are as is asked, whoever may know of them: the planner picks indexes of pieces, tags and dates. */
  alike: () => `SELECT ${COLUMNS} FROM secrets s
    WHERE ($5 AND s.owner_id IS NULL OR s.owner_id = ANY ($6::text[])) AND ${ATTRIBUTES}
      AND ($19 = '' OR name_pieces(s.name) COLLATE "C" @> word_pieces($19)) LIMIT $18`,
};
export type CandidateSet = keyof typeof CANDIDATES;

/**
 * How many candidates there are and how many of them match; and of those that match, the page. $16 and $17: its offset
 * and limit.
 */
const pageAmong = (candidates: string, key: string, direction: string) => `
  WITH examined AS MATERIALIZED (
    SELECT s.id, ${key} AS key, ${MATCHES} AS matches FROM (${candidates}) s ${WITH_FOLDER}
  ), page AS (
    SELECT id, key FROM examined WHERE matches ORDER BY key ${direction}, id ${direction} OFFSET $16 LIMIT $17
  )
  SELECT total.examined, total.matched, page.key::text AS key, ${SECRET_COLUMNS}
  FROM (SELECT count(*)::integer AS examined, (count(*) FILTER (WHERE matches))::integer AS matched FROM examined) total
    LEFT JOIN page ON true LEFT JOIN secrets s ON s.id = page.id ${SECRET_JOINS}
  ORDER BY page.key ${direction}, page.id ${direction}`;

/** Keys and ids of all that match. */
const matching = (key: string, and: string, tail: string) =>
  both(
    which =>
      `SELECT ${key} AS key, s.id FROM secrets s ${WITH_FOLDER} WHERE ${which} AND ${MATCHES} ${and} ${tail}`,
  );

/** A page of all that match. $16 and $17: its offset and limit. */
function pageOf(key: string, direction: string, and = ''): string {
  const order = inOrder('key', direction);
  return `
  SELECT page.key::text AS key, ${SECRET_COLUMNS}
  FROM (
    SELECT s.key, s.id FROM (${matching(key, and, `${order} LIMIT $16::bigint + $17::bigint`)}) s
    ${order} OFFSET $16 LIMIT $17
  ) page JOIN secrets s ON s.id = page.id ${SECRET_JOINS}
  ORDER BY page.key ${direction}, page.id ${direction}`;
}

function statementsOf(sortKey: SecretSortKey, direction: 'ASC' | 'DESC') {
  const key = KEYS[sortKey];
  const order = inOrder('key', direction);
  const among = (set: CandidateSet) => pageAmong(CANDIDATES[set](inOrder(key, direction)), key, direction);
  return {
    among: { first: among('first'), any: among('any'), known: among('known'), alike: among('alike') },
    all: pageOf(key, direction),
    /** After the secret that has this key ($18) and id ($19). */
    after: pageOf(
      key,
      direction,
      `AND (${key}, s.id) ${direction === 'ASC' ? '>' : '<'} ($18::${KEY_TYPES[sortKey]}, $19::uuid)`,
    ),
    /** Every $15th of those that match, and the last. */
    marks: `
      SELECT "offset", key::text AS key, id FROM (
        SELECT (row_number() OVER in_order)::integer AS "offset", s.key, s.id, lead(true) OVER in_order AS has_next
        FROM (${matching(key, '', order)}) s WINDOW in_order AS (${order})
      ) AS numbered
      WHERE "offset" % $16 = 0 OR has_next IS NULL ORDER BY "offset"`,
  };
}

const STATEMENTS = {
  name: { ASC: statementsOf('name', 'ASC'), DESC: statementsOf('name', 'DESC') },
  created: { ASC: statementsOf('created', 'ASC'), DESC: statementsOf('created', 'DESC') },
  updated: { ASC: statementsOf('updated', 'ASC'), DESC: statementsOf('updated', 'DESC') },
};

export const statementsFor = ({ sortKey, descending }: SecretOrder) =>
  STATEMENTS[sortKey][descending ? 'DESC' : 'ASC'];
