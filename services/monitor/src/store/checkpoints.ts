import type { Queryable } from '@strongroom/db/database';

export interface StoredCheckpoint {
  readonly number: number;
  readonly position: number;
  readonly signedAt: Date;
  /** Compact JWS. */
  readonly statement: string;
}

interface CheckpointRow {
  number: string;
  position: string;
  signed_at: Date;
  statement: string;
}

const toCheckpoint = (row: CheckpointRow): StoredCheckpoint => ({
  number: Number(row.number),
  position: Number(row.position),
  signedAt: row.signed_at,
  statement: row.statement,
});

/** Replicas that sign the same state at once add it once. True: this one did. */
export async function insertCheckpoint(db: Queryable, checkpoint: StoredCheckpoint): Promise<boolean> {
  const rows = await db.query(
    `INSERT INTO audit_checkpoints (number, position, signed_at, statement) VALUES ($1, $2, $3, $4)
     ON CONFLICT DO NOTHING RETURNING 1`,
    [checkpoint.number, checkpoint.position, checkpoint.signedAt, checkpoint.statement],
  );
  return rows.length > 0;
}

export async function findLastCheckpoint(db: Queryable): Promise<StoredCheckpoint | undefined> {
  const [row] = await db.query<CheckpointRow>(
    'SELECT number, position, signed_at, statement FROM audit_checkpoints ORDER BY number DESC LIMIT 1',
  );
  return row && toCheckpoint(row);
}

/** The newest first. */
export async function listCheckpoints(
  db: Queryable,
  { offset, limit }: { offset: number; limit: number },
): Promise<{ count: number; items: StoredCheckpoint[] }> {
  const rows = await db.query<CheckpointRow>(
    `SELECT number, position, signed_at, statement FROM audit_checkpoints
     ORDER BY number DESC OFFSET $1 LIMIT $2`,
    [offset, limit],
  );
  const [total] = await db.query<{ count: number }>(
    'SELECT count(*)::integer AS count FROM audit_checkpoints',
  );
  return { count: total?.count ?? 0, items: rows.map(toCheckpoint) };
}

/** Those of a range of positions whose number is above `afterNumber`, by number. */
export async function readCheckpoints(
  db: Queryable,
  range: { from: number | undefined; to: number | undefined; afterNumber: number },
  limit: number,
): Promise<StoredCheckpoint[]> {
  const rows = await db.query<CheckpointRow>(
    `SELECT number, position, signed_at, statement FROM audit_checkpoints
     WHERE number > $1 AND ($2::bigint IS NULL OR position >= $2) AND ($3::bigint IS NULL OR position <= $3)
     ORDER BY number LIMIT $4`,
    [range.afterNumber, range.from, range.to, limit],
  );
  return rows.map(toCheckpoint);
}
