import { isUniqueViolation, type Queryable } from '@strongroom/db/database';
import { canonicalName } from '@strongroom/schema/text';
import { userExists } from '../domain/errors.ts';
import type { User } from '../domain/user.ts';

interface UserRow {
  id: string;
  number: number;
  username: string;
  source_id: string;
  document: Record<string, unknown>;
  tags: string[];
  settings: Record<string, unknown>;
  password_hash: string | null;
  password_set_at: Date | null;
  password_change_required: boolean;
  is_disabled: boolean;
  is_application: boolean;
  mfa_required: boolean;
  totp_confirmed_at: Date | null;
  has_passkeys: boolean;
  created_at: Date;
  created_by: string;
  updated_at: Date;
  updated_by: string;
}

const toUser = (row: UserRow): User => ({
  id: row.id,
  number: row.number,
  username: row.username,
  sourceId: row.source_id,
  document: row.document,
  tags: row.tags,
  settings: row.settings,
  passwordHash: row.password_hash,
  passwordSetAt: row.password_set_at,
  passwordChangeRequired: row.password_change_required,
  isDisabled: row.is_disabled,
  isApplication: row.is_application,
  mfaRequired: row.mfa_required,
  totpConfirmedAt: row.totp_confirmed_at,
  hasPasskeys: row.has_passkeys,
  createdAt: row.created_at,
  createdBy: row.created_by,
  updatedAt: row.updated_at,
  updatedBy: row.updated_by,
});

const COLUMNS = `id, number, username, source_id, document, tags, settings, password_hash, password_set_at,
  password_change_required, is_disabled, is_application, mfa_required, totp_confirmed_at,
  EXISTS (SELECT FROM webauthn_credentials WHERE user_id = users.id) AS has_passkeys,
  created_at, created_by, updated_at, updated_by`;

const translate = (error: unknown) =>
  isUniqueViolation(error, 'users_username_unique') ? userExists() : error;

export type NewUser = Pick<
  User,
  | 'id'
  | 'username'
  | 'document'
  | 'tags'
  | 'passwordHash'
  | 'passwordChangeRequired'
  | 'isDisabled'
  | 'isApplication'
  | 'createdAt'
  | 'createdBy'
>;

/** A person of the local source. */
export async function insertUser(tx: Queryable, user: NewUser): Promise<void> {
  try {
    await tx.query(
      `INSERT INTO users (id, username, canonical_username, source_id, document, tags, password_hash,
                          password_set_at, password_change_required, is_disabled, is_application,
                          created_at, created_by, updated_at, updated_by)
       SELECT $1::uuid, $2, $3, id, $4::json, $5::text[], $6::text,
              CASE WHEN $6::text IS NULL THEN NULL ELSE $9::timestamptz END, $7::boolean, $8::boolean, $11::boolean,
              $9::timestamptz, $10, $9::timestamptz, $10
       FROM sources WHERE is_local`,
      [
        user.id,
        user.username,
        canonicalName(user.username),
        JSON.stringify(user.document),
        user.tags,
        user.passwordHash,
        user.passwordChangeRequired,
        user.isDisabled,
        user.createdAt,
        user.createdBy,
        user.isApplication,
      ],
    );
  } catch (error) {
    throw translate(error);
  }
}

/** Grants roles for good, after those that the person has. */
export async function addUserRoles(
  tx: Queryable,
  userId: string,
  roleNames: readonly string[],
): Promise<void> {
  await tx.query(
    `INSERT INTO user_roles (user_id, role_id, position)
     SELECT $1::uuid, r.id, place - 1
     FROM unnest($2::text[]) WITH ORDINALITY AS named (role_name, place) JOIN roles r ON r.canonical_name = role_name`,
    [userId, roleNames.map(canonicalName)],
  );
}

/** What an administrator may change of a person, passwords apart. */
export async function updateUser(tx: Queryable, user: User): Promise<void> {
  try {
    await tx.query(
      `UPDATE users SET username = $2, canonical_username = $3, document = $4, tags = $5,
                        password_change_required = $6, is_disabled = $7, updated_at = $8, updated_by = $9
       WHERE id = $1`,
      [
        user.id,
        user.username,
        canonicalName(user.username),
        JSON.stringify(user.document),
        user.tags,
        user.passwordChangeRequired,
        user.isDisabled,
        user.updatedAt,
        user.updatedBy,
      ],
    );
  } catch (error) {
    throw translate(error);
  }
}

/** Sets the password unless another one was set since `user` was read; false in that case. */
export async function updatePassword(
  tx: Queryable,
  user: Pick<User, 'id' | 'passwordHash'>,
  next: Pick<User, 'passwordHash' | 'passwordChangeRequired' | 'updatedAt' | 'updatedBy'>,
): Promise<boolean> {
  const rows = await tx.query(
    `UPDATE users SET password_hash = $3, password_change_required = $4, password_set_at = $5,
                      updated_at = $5, updated_by = $6
     WHERE id = $1 AND password_hash IS NOT DISTINCT FROM $2 RETURNING id`,
    [
      user.id,
      user.passwordHash,
      next.passwordHash,
      next.passwordChangeRequired,
      next.updatedAt,
      next.updatedBy,
    ],
  );
  return rows.length === 1;
}

export async function deleteUser(tx: Queryable, id: string): Promise<void> {
  await tx.query('DELETE FROM users WHERE id = $1', [id]);
}

export async function findUser(db: Queryable, id: string): Promise<User | undefined> {
  const [row] = await db.query<UserRow>(`SELECT ${COLUMNS} FROM users WHERE id = $1`, [id]);
  return row === undefined ? undefined : toUser(row);
}

/** The same; nobody else changes the row until the transaction ends. */
export async function lockUser(tx: Queryable, id: string): Promise<User | undefined> {
  const [row] = await tx.query<UserRow>(`SELECT ${COLUMNS} FROM users WHERE id = $1 FOR UPDATE`, [id]);
  return row === undefined ? undefined : toUser(row);
}

/** In any spelling of the name (`canonicalName`). */
export async function findUserByName(db: Queryable, username: string): Promise<User | undefined> {
  const [row] = await db.query<UserRow>(`SELECT ${COLUMNS} FROM users WHERE canonical_username = $1`, [
    canonicalName(username),
  ]);
  return row === undefined ? undefined : toUser(row);
}

export async function findUserByNumber(db: Queryable, number: number): Promise<User | undefined> {
  const [row] = await db.query<UserRow>(`SELECT ${COLUMNS} FROM users WHERE number = $1`, [number]);
  return row === undefined ? undefined : toUser(row);
}

/** Those of `ids` that exist, each once, in the order asked for. */
export async function findUsersByIds(db: Queryable, ids: readonly string[]): Promise<User[]> {
  const rows = await db.query<UserRow>(
    `SELECT ${COLUMNS} FROM users JOIN unnest($1::uuid[]) WITH ORDINALITY AS asked (asked_id, place)
       ON id = asked_id ORDER BY place`,
    [[...new Set(ids)]],
  );
  return rows.map(toUser);
}

export type UserSortKey = 'id' | 'username' | 'created' | 'updated';

export interface UserQuery {
  /** Exactly this person, by name in any spelling, or by id (any text); undefined: everybody. */
  username: string | undefined;
  id: string | undefined;
  sortKey: UserSortKey;
  descending: boolean;
  offset: number;
  limit: number;
}

const SORT_COLUMNS: Record<UserSortKey, string> = {
  id: 'id',
  username: 'canonical_username',
  created: 'created_at',
  updated: 'updated_at',
};

export async function listUsers(db: Queryable, query: UserQuery): Promise<{ count: number; users: User[] }> {
  const where = `WHERE ($1::text IS NULL OR canonical_username = $1) AND ($2::text IS NULL OR id::text = lower($2))`;
  const filter = [query.username === undefined ? null : canonicalName(query.username), query.id ?? null];
  const direction = query.descending ? 'DESC' : 'ASC';
  const [[total], rows] = await Promise.all([
    db.query<{ count: number }>(`SELECT count(*)::integer AS count FROM users ${where}`, filter),
    db.query<UserRow>(
      `SELECT ${COLUMNS} FROM users ${where}
       ORDER BY ${SORT_COLUMNS[query.sortKey]} ${direction}, id ${direction} OFFSET $3 LIMIT $4`,
      [...filter, query.offset, query.limit],
    ),
  ]);
  return { count: total?.count ?? 0, users: rows.map(toUser) };
}
