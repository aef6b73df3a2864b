import { isUniqueViolation, type Queryable } from '@strongroom/db/database';
import type { StoredKey } from './key-store.ts';

export interface Rotation {
  readonly id: string;
  readonly fromKey: number;
  readonly toKey: number;
  readonly startedAt: Date;
  readonly startedBy: string;
  /** Values under the old key at the start. */
  readonly total: number;
  readonly rewrapped: number;
  /** Values that did not open in the last pass. */
  readonly unreadable: number;
  /** When it was proved that no value needs the old key. */
  readonly finishedAt: Date | undefined;
}

interface RotationRow {
  id: string;
  from_key: number;
  to_key: number;
  started_at: Date;
  started_by: string;
  total: number;
  rewrapped: number;
  unreadable: number;
  finished_at: Date | null;
}

/** The one that runs, or the last one. */
export async function findLastRotation(db: Queryable): Promise<Rotation | undefined> {
  const [row] = await db.query<RotationRow>(
    `SELECT id, from_key, to_key, started_at, started_by, total, rewrapped, unreadable, finished_at
     FROM key_rotations ORDER BY to_key DESC LIMIT 1`,
  );
  if (row === undefined) return undefined;
  return {
    id: row.id,
    fromKey: row.from_key,
    toKey: row.to_key,
    startedAt: row.started_at,
    startedBy: row.started_by,
    total: row.total,
    rewrapped: row.rewrapped,
    unreadable: row.unreadable,
    finishedAt: row.finished_at ?? undefined,
  };
}

export async function findRunningRotation(db: Queryable): Promise<Rotation | undefined> {
  const last = await findLastRotation(db);
  return last?.finishedAt === undefined ? last : undefined;
}

/** False: the key is not what it was, or another rotation runs; the transaction must then be rolled back. */
export async function insertRotation(
  tx: Queryable,
  rotation: Rotation,
  from: StoredKey,
  wrappedKey: Buffer,
): Promise<boolean> {
  // Whoever retires the active key first, wins; a change of the root key at the same time counts, too.
  const retired = await tx.query(
    `UPDATE key_encryption_keys SET is_active = false
     WHERE id = $1 AND is_active AND root_key_fingerprint = $2 RETURNING id`,
    [from.id, from.rootKeyName],
  );
  if (retired.length === 0) return false;
  await tx.query(
    `INSERT INTO key_encryption_keys (id, wrapped, root_key_fingerprint, is_active, created_at)
     VALUES ($1, $2, $3, true, $4)`,
    [rotation.toKey, wrappedKey, from.rootKeyName, rotation.startedAt],
  );
  try {
    await tx.query(
      `INSERT INTO key_rotations (id, from_key, to_key, started_at, started_by, total)
       VALUES ($1, $2, $3, $4, $5, $6)`,
      [rotation.id, rotation.fromKey, rotation.toKey, rotation.startedAt, rotation.startedBy, rotation.total],
    );
  } catch (error) {
    if (isUniqueViolation(error, 'key_rotations_one_running')) return false;
    throw error;
  }
  return true;
}

export async function addProgress(tx: Queryable, id: string, rewrapped: number): Promise<void> {
  await tx.query('UPDATE key_rotations SET rewrapped = rewrapped + $2 WHERE id = $1', [id, rewrapped]);
}

export async function setUnreadable(db: Queryable, id: string, unreadable: number): Promise<void> {
  await db.query('UPDATE key_rotations SET unreadable = $2 WHERE id = $1 AND unreadable <> $2', [
    id,
    unreadable,
  ]);
}

/** Ends the rotation and deletes its old key. False: another replica has done it already. */
export async function finishRotation(tx: Queryable, rotation: Rotation, at: Date): Promise<boolean> {
  const finished = await tx.query(
    `UPDATE key_rotations SET finished_at = $2, unreadable = 0
     WHERE id = $1 AND finished_at IS NULL RETURNING id`,
    [rotation.id, at],
  );
  if (finished.length === 0) return false;
  await tx.query('DELETE FROM key_encryption_keys WHERE id = $1 AND NOT is_active', [rotation.fromKey]);
  return true;
}

/**
 * Transactions that write to one of the tables now. Who comes later sees what was committed before this call: a
 * statement locks its tables before it takes its snapshot.
 */
export async function findWriters(db: Queryable, tables: readonly string[]): Promise<string[]> {
  const rows = await db.query<{ writer: string }>(
    `SELECT DISTINCT l.virtualtransaction AS writer
     FROM pg_locks l JOIN pg_database d ON d.oid = l.database AND d.datname = current_database()
     WHERE l.locktype = 'relation' AND l.relation = ANY ($1::text[]::regclass[])
       AND l.mode = 'RowExclusiveLock' AND l.granted AND l.pid <> pg_backend_pid()`,
    [tables],
  );
  return rows.map(row => row.writer);
}

/** Those of the transactions that have not ended: each holds a lock on its own number until it does. */
export async function findUnended(db: Queryable, writers: readonly string[]): Promise<string[]> {
  const rows = await db.query<{ writer: string }>(
    `SELECT virtualxid AS writer FROM pg_locks
     WHERE locktype = 'virtualxid' AND virtualxid = ANY ($1::text[]) AND granted AND virtualtransaction = virtualxid`,
    [writers],
  );
  return rows.map(row => row.writer);
}
