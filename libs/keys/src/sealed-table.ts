import type { ValueAddress } from '@strongroom/crypto/envelope';
import type { Queryable } from '@strongroom/db/database';

/**
 * One kind of rows whose data keys are wrapped by key-encryption keys. A service lists its kinds where it starts, and
 * that is all that rotation needs to know of it. The table has a trigger that runs `require_active_key` or
 * `require_active_key_packed` (migration 0002): without it the proof would prove nothing, so `requireAllListed` throws.
 */
export interface SealedTable {
  readonly table: string;
  /** How many values the key wraps. */
  count: (db: Queryable, keyId: number) => Promise<number>;
  /**
   * Up to `limit` values that the key wraps, in the order of their position, after `after`. It locks their rows and
   * passes over those that somebody else has locked, so that re-keying never waits for a writer while one waits for it.
   */
  take: (tx: Queryable, keyId: number, after: Position | undefined, limit: number) => Promise<SealedRow[]>;
  /** Stores data keys that were wrapped anew, and nothing else. */
  put: (tx: Queryable, keyId: number, rows: readonly RewrappedRow[]) => Promise<void>;
}

/** The values of the columns by which a kind orders its rows. */
export type Position = readonly (string | number)[];

export interface SealedRow {
  readonly position: Position;
  readonly wrappedKey: Buffer;
  readonly address: ValueAddress;
}

export interface RewrappedRow {
  readonly position: Position;
  readonly wrappedKey: Buffer;
}

/** Values under one key, over all kinds. */
export async function countValues(
  db: Queryable,
  tables: readonly SealedTable[],
  keyId: number,
): Promise<number> {
  let sum = 0;
  for (const table of tables) sum += await table.count(db, keyId);
  return sum;
}

/**
 * Throws when the tables that refuse retired keys are not those that are listed. One that nobody lists is of another
 * release, or was forgotten: its values would be lost with their key.
 */
export async function requireAllListed(db: Queryable, tables: readonly SealedTable[]): Promise<void> {
  const rows = await db.query<{ name: string }>(
    `SELECT DISTINCT c.relname::text AS name
     FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid JOIN pg_class c ON c.oid = t.tgrelid
     WHERE p.proname IN ('require_active_key', 'require_active_key_packed')
       AND p.pronamespace = current_schema()::regnamespace AND t.tgenabled <> 'D'`,
  );
  const guarded = new Set(rows.map(({ name }) => name));
  const listed = new Set(tables.map(({ table }) => table));
  const apart = [...guarded].filter(name => !listed.has(name));
  for (const name of listed) if (!guarded.has(name)) apart.push(name);
  if (apart.length > 0) {
    throw new Error(
      `tables with sealed values must have a trigger and be listed; not so: ${apart.join(', ')}`,
    );
  }
}
