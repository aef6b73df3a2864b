import type { Queryable } from '@strongroom/db/database';

export const ACCOUNT_FIELDS = ['userName', 'displayName', 'emailAddress'] as const;
export type AccountField = (typeof ACCOUNT_FIELDS)[number];

export interface AccountQuery {
  /** Found in one of the fields, in any case; undefined: everybody. */
  readonly text: string | undefined;
  readonly fields: readonly AccountField[];
  readonly includeDisabled: boolean;
  readonly sortBy: AccountField;
  readonly descending: boolean;
  readonly offset: number;
  readonly limit: number;
}

const DISPLAY_NAME = `coalesce(nullif(document->>'display_name', ''), nullif(document->>'full_name', ''), username)`;

const WHERE = `WHERE ($1::text IS NULL
    OR ('userName' = ANY ($2::text[]) AND strpos(lower(username), lower($1)) > 0)
    OR ('displayName' = ANY ($2) AND strpos(lower(${DISPLAY_NAME}), lower($1)) > 0)
    OR ('emailAddress' = ANY ($2) AND strpos(lower(document->>'email'), lower($1)) > 0))
  AND ($3::boolean OR NOT is_disabled)`;

const SORT: Record<AccountField, string> = {
  userName: 'canonical_username',
  displayName: `lower(${DISPLAY_NAME})`,
  emailAddress: `lower(document->>'email')`,
};

/** Ids of one page of users, in its order, and how many there are in all. */
export async function searchAccounts(
  db: Queryable,
  query: AccountQuery,
): Promise<{ total: number; ids: string[] }> {
  const filter = [query.text ?? null, query.fields, query.includeDisabled];
  const direction = query.descending ? 'DESC' : 'ASC';
  const [[count], rows] = await Promise.all([
    db.query<{ total: number }>(`SELECT count(*)::integer AS total FROM users ${WHERE}`, filter),
    db.query<{ id: string }>(
      `SELECT id FROM users ${WHERE}
       ORDER BY ${SORT[query.sortBy]} ${direction} NULLS LAST, number ${direction} OFFSET $4 LIMIT $5`,
      [...filter, query.offset, query.limit],
    ),
  ]);
  return { total: count?.total ?? 0, ids: rows.map(row => row.id) };
}

/** When each of these last signed in, so far as its sessions are kept. */
export async function findLastSignIns(db: Queryable, ids: readonly string[]): Promise<Map<string, Date>> {
  const rows = await db.query<{ id: string; at: Date }>(
    `SELECT subject_id AS id, max(auth_time) AS at FROM sessions WHERE subject_id = ANY ($1::uuid[])
     GROUP BY subject_id`,
    [ids],
  );
  return new Map(rows.map(row => [row.id, row.at]));
}
