import type { ValueAddress } from '@strongroom/crypto/envelope';
import type { Queryable } from '@strongroom/db/database';

/**
 * One kind of rows whose data keys are wrapped by key-encryption keys. A service lists its kinds where it starts, and
 * that is all that rotation needs to know of it. The table has a trigger that runs `require_active_key` or
 * `require_active_key_packed` (migration 0002): without it the proof would prove nothing.
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
