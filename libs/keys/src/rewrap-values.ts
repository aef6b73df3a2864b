import { rewrapDataKey } from '@strongroom/crypto/envelope';
import type { Keyring } from '@strongroom/crypto/keyring';
import type { Database } from '@strongroom/db/database';
import { hasErrorCode } from '@strongroom/errors/app-error';
import { addProgress, type Rotation } from './rotation-store.ts';
import type { Position, RewrappedRow, SealedRow, SealedTable } from './sealed-table.ts';

export interface Pass {
  readonly rewrapped: number;
  readonly unreadable: number;
}

/** Rows that are locked at once: a writer of one of them waits for so long as this takes, some tens of milliseconds. */
const BATCH = 500;

/**
 * Goes once through the rows under the old key. What it passed over, since others had it locked or it does not open,
 * is for the next pass. `rest` is given the time that a batch took, and ends the pass by answering false.
 */
export async function rewrapValues(
  db: Database,
  keyring: Keyring,
  tables: readonly SealedTable[],
  rotation: Rotation,
  rest: (workedMs: number) => Promise<boolean>,
): Promise<Pass> {
  let rewrapped = 0;
  let unreadable = 0;
  for (const table of tables) {
    let after: Position | undefined;
    do {
      const started = performance.now();
      const batch = await rewrapBatch(db, keyring, table, rotation, after);
      after = batch.last;
      rewrapped += batch.rewrapped;
      unreadable += batch.unreadable;
      if (!(await rest(performance.now() - started))) return { rewrapped, unreadable };
    } while (after !== undefined);
  }
  return { rewrapped, unreadable };
}

/** `last`: where the next batch goes on; undefined when there are no more rows. */
function rewrapBatch(
  db: Database,
  keyring: Keyring,
  table: SealedTable,
  { id, fromKey }: Rotation,
  after: Position | undefined,
): Promise<Pass & { last: Position | undefined }> {
  return db.transaction(async tx => {
    // A crash may take the last batches: their rows are then under the old key, as before. The log is in order, so the
    // proof, which does wait for the disk, is never there without them.
    await tx.query(`SELECT set_config('synchronous_commit', 'off', true)`);
    const rows = await table.take(tx, fromKey, after, BATCH);
    const done: RewrappedRow[] = [];
    for (const row of rows) {
      const wrappedKey = rewrap(keyring, fromKey, row);
      if (wrappedKey !== undefined) done.push({ position: row.position, wrappedKey });
    }
    if (done.length > 0) {
      await table.put(tx, keyring.activeId, done);
      await addProgress(tx, id, done.length);
    }
    return {
      rewrapped: done.length,
      unreadable: rows.length - done.length,
      last: rows.length < BATCH ? undefined : rows.at(-1)?.position,
    };
  });
}

/** Undefined: it was altered or moved, and no key opens it. */
function rewrap(keyring: Keyring, keyId: number, { wrappedKey, address }: SealedRow): Buffer | undefined {
  try {
    return rewrapDataKey(keyring, { keyId, wrappedKey }, address).wrappedKey;
  } catch (error) {
    if (hasErrorCode(error, 'DECRYPTION_FAILED')) return undefined;
    throw error;
  }
}
