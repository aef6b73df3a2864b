import type { Queryable } from '@strongroom/db/database';

/** The time in which somebody had the password of an account (docs/adr/0045-connections.md). */
export interface Connection {
  readonly id: string;
  readonly userId: string;
  readonly userName: string;
  /** The host or the target domain. */
  readonly systemId: string;
  /** Empty when it was deleted since, as is the address. */
  readonly systemName: string;
  readonly address: string;
  readonly account: string;
  readonly connectedAt: Date;
  /** Null: he has it. */
  readonly disconnectedAt: Date | null;
}

/** Null: any. Each list finds what equals one of it. */
export interface ConnectionFilter {
  readonly ids: readonly string[] | null;
  readonly userIds: readonly string[] | null;
  readonly userNames: readonly string[] | null;
  readonly systemIds: readonly string[] | null;
  readonly systemNames: readonly string[] | null;
  readonly addresses: readonly string[] | null;
  readonly accounts: readonly string[] | null;
  /** Parts of names, in lower case. */
  readonly words: readonly string[] | null;
  readonly isOngoing: boolean | null;
  readonly connectedFrom: string | null;
  readonly connectedTo: string | null;
  readonly disconnectedFrom: string | null;
  readonly disconnectedTo: string | null;
}

export const ANY_CONNECTION: ConnectionFilter = {
  ids: null,
  userIds: null,
  userNames: null,
  systemIds: null,
  systemNames: null,
  addresses: null,
  accounts: null,
  words: null,
  isOngoing: null,
  connectedFrom: null,
  connectedTo: null,
  disconnectedFrom: null,
  disconnectedTo: null,
};

const CONNECTIONS = `SELECT checkouts.id, checkouts.user_id AS "userId", checkouts.user_name AS "userName",
    checkouts.system_id AS "systemId", coalesce(hosts.document->>'common_name', domains.name, '') AS "systemName",
    coalesce(hosts.document->'addresses'->>0, '') AS address, checkouts.account,
    checkouts.created_at AS "connectedAt",
    -- One that has run out is over, whether that was put on record yet or not.
    CASE WHEN checkouts.state = 'held' AND checkouts.expires_at > $1 THEN NULL
      ELSE coalesce(checkouts.ended_at, checkouts.expires_at) END AS "disconnectedAt"
  FROM checkouts
    LEFT JOIN hosts ON checkouts.system_kind = 'host' AND hosts.id = checkouts.system_id
    LEFT JOIN target_domains AS domains ON checkouts.system_kind = 'domain' AND domains.id = checkouts.system_id`;

const FOUND = `FROM (${CONNECTIONS}) AS connection
  WHERE ($2::uuid[] IS NULL OR id = ANY ($2))
    AND ($3::text[] IS NULL OR "userId" = ANY ($3))
    AND ($4::text[] IS NULL OR "userName" = ANY ($4))
    AND ($5::uuid[] IS NULL OR "systemId" = ANY ($5))
    AND ($6::text[] IS NULL OR "systemName" = ANY ($6))
    AND ($7::text[] IS NULL OR address = ANY ($7))
    AND ($8::text[] IS NULL OR account = ANY ($8))
    AND ($9::text[] IS NULL OR lower(concat_ws(E'\\n', "userName", "systemName", address, account)) LIKE ANY ($9))
    AND ($10::boolean IS NULL OR ("disconnectedAt" IS NULL) = $10)
    AND ($11::timestamptz IS NULL OR "connectedAt" >= $11) AND ($12::timestamptz IS NULL OR "connectedAt" <= $12)
    AND ($13::timestamptz IS NULL OR "disconnectedAt" >= $13)
    AND ($14::timestamptz IS NULL OR "disconnectedAt" <= $14)`;

const literally = (word: string): string => `%${word.replace(/[\\%_]/g, '\\$&')}%`;

/** One page of them by the time when they began, and how many these are in all. */
export async function searchConnections(
  db: Queryable,
  now: Date,
  filter: ConnectionFilter,
  page: { descending: boolean; offset: number; limit: number },
): Promise<{ count: number; connections: Connection[] }> {
  const values = [
    now,
    filter.ids,
    filter.userIds,
    filter.userNames,
    filter.systemIds,
    filter.systemNames,
    filter.addresses,
    filter.accounts,
    filter.words?.map(literally) ?? null,
    filter.isOngoing,
    filter.connectedFrom,
    filter.connectedTo,
    filter.disconnectedFrom,
    filter.disconnectedTo,
  ];
  const direction = page.descending ? 'DESC' : 'ASC';
  const [[total], connections] = await Promise.all([
    db.query<{ count: number }>(`SELECT count(*)::integer AS count ${FOUND}`, values),
    db.query<Connection>(
      `SELECT * ${FOUND} ORDER BY "connectedAt" ${direction}, id ${direction} OFFSET $15 LIMIT $16`,
      [...values, page.offset, page.limit],
    ),
  ]);
  return { count: total?.count ?? 0, connections };
}
