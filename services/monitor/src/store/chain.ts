import type { Queryable } from '@strongroom/db/database';
import { instantOf, type BatchContent, type HeadContent, type RowContent } from '../domain/canonical.ts';
import type { Extension, Sealed } from '../domain/chain.ts';
import type { Pruning } from '../domain/statements.ts';

/** pg gives a bigint as text; positions and numbers stay far below 2^53. */
interface HeadRow {
  number: string;
  position: string;
  recorded_at: string;
  batch_mac: Buffer;
  mac: Buffer;
}

const toHead = (row: HeadRow): Sealed<HeadContent> => ({
  number: Number(row.number),
  position: Number(row.position),
  recordedAt: row.recorded_at,
  batchMac: row.batch_mac,
  mac: row.mac,
});

/**
 * Locks the end of the chain until the transaction ends: whoever extends the trail does so alone. The lock comes after
 * the inbox and before all else, everywhere.
 */
export async function lockHead(tx: Queryable): Promise<Sealed<HeadContent> | undefined> {
  const [row] = await tx.query<HeadRow>(
    `SELECT number, position, extract(epoch FROM recorded_at)::text AS recorded_at, batch_mac, mac
     FROM audit_head FOR UPDATE`,
  );
  return row && toHead(row);
}

export async function readHead(db: Queryable): Promise<Sealed<HeadContent> | undefined> {
  const [row] = await db.query<HeadRow>(
    `SELECT number, position, extract(epoch FROM recorded_at)::text AS recorded_at, batch_mac, mac
     FROM audit_head`,
  );
  return row && toHead(row);
}

/** Does nothing when there is one. */
export async function insertHead(db: Queryable, head: Sealed<HeadContent>): Promise<void> {
  await db.query(
    `INSERT INTO audit_head (number, position, recorded_at, batch_mac, mac)
     VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING`,
    [head.number, head.position, instantOf(head.recordedAt), head.batchMac, head.mac],
  );
}

/** The last batch number and position that any row names: where a chain goes on whose head cannot be trusted. */
export async function findEnd(db: Queryable): Promise<{ number: number; position: number }> {
  const [row] = await db.query<{ number: string; position: string }>(
    `SELECT coalesce(max(number), 0) AS number,
       greatest(
         coalesce(max(first_position + record_count - 1), 0),
         (SELECT coalesce(max(position), 0) FROM audit_events)
       ) AS position
     FROM audit_batches`,
  );
  return { number: Number(row?.number ?? 0), position: Number(row?.position ?? 0) };
}

const toJson = (row: Sealed<RowContent>) => ({
  ...row,
  created: instantOf(row.created),
  mac: Buffer.from(row.mac).toString('hex'),
});

/** Adds a batch with its rows and moves the head: one statement, whatever their number. */
export async function insertBatch(tx: Queryable, { rows, batch, head }: Extension): Promise<void> {
  await tx.query(
    `WITH events AS (
       INSERT INTO audit_events
         (position, recorded_at, id, created, service_name, event_id, event_name, message, words, mac)
       SELECT r.position, $2::timestamptz, r.id, r.created, r.service, r.code, r.name, r.message,
         r.words, decode(r.mac, 'hex')
       FROM jsonb_to_recordset($1::jsonb)
         AS r (position bigint, id uuid, created timestamptz, service text, code integer, name text, message jsonb,
           words text, mac text)
     ), batch AS (
       INSERT INTO audit_batches
         (number, first_position, record_count, recorded_at, key_id, previous_mac, rows_digest, mac)
       VALUES ($3, $4, $5, $2::timestamptz, $6, $7, $8, $9)
     )
     UPDATE audit_head
     SET number = $3, position = $10, recorded_at = $2::timestamptz, batch_mac = $9, mac = $11`,
    [
      JSON.stringify(rows.map(toJson)),
      instantOf(batch.recordedAt),
      batch.number,
      batch.firstPosition,
      batch.recordCount,
      batch.keyId,
      batch.previousMac,
      batch.rowsDigest,
      batch.mac,
      head.position,
      head.mac,
    ],
  );
}

interface BatchRow {
  number: string;
  first_position: string;
  record_count: number;
  recorded_at: string;
  key_id: string;
  previous_mac: Buffer;
  rows_digest: Buffer;
  mac: Buffer;
}

const toBatch = (row: BatchRow): Sealed<BatchContent> => ({
  number: Number(row.number),
  firstPosition: Number(row.first_position),
  recordCount: row.record_count,
  recordedAt: row.recorded_at,
  keyId: row.key_id,
  previousMac: row.previous_mac,
  rowsDigest: row.rows_digest,
  mac: row.mac,
});

/** Batches from `number` on, in order. */
export async function readBatches(
  db: Queryable,
  number: number,
  limit: number,
): Promise<Sealed<BatchContent>[]> {
  const rows = await db.query<BatchRow>(
    `SELECT number, first_position, record_count, extract(epoch FROM recorded_at)::text AS recorded_at, key_id,
       previous_mac, rows_digest, mac
     FROM audit_batches WHERE number >= $1 ORDER BY number LIMIT $2`,
    [number, limit],
  );
  return rows.map(toBatch);
}

/** The last batch that begins at or before a position, then the one before that. */
export async function findStartBatch(db: Queryable, position: number): Promise<Sealed<BatchContent>[]> {
  const rows = await db.query<BatchRow>(
    `WITH start AS (
       SELECT number FROM audit_batches WHERE first_position <= $1 ORDER BY first_position DESC LIMIT 1
     )
     SELECT b.number, first_position, record_count, extract(epoch FROM recorded_at)::text AS recorded_at, key_id,
       previous_mac, rows_digest, mac
     FROM audit_batches AS b, start WHERE b.number IN (start.number, start.number - 1) ORDER BY b.number DESC`,
    [position],
  );
  return rows.map(toBatch);
}

/** First and last position that were recorded at or after, and at or before, these instants. */
export async function findPositionsRecorded(
  db: Queryable,
  start: Date | undefined,
  end: Date | undefined,
): Promise<{ from: number | undefined; to: number | undefined }> {
  const [row] = await db.query<{ from: string | null; to: string | null }>(
    `SELECT
       (SELECT first_position FROM audit_batches WHERE recorded_at >= $1 ORDER BY recorded_at, number LIMIT 1) AS "from",
       (SELECT first_position + record_count - 1 FROM audit_batches WHERE recorded_at <= $2
        ORDER BY recorded_at DESC, number DESC LIMIT 1) AS "to"`,
    [start, end],
  );
  const { from, to } = row ?? {};
  return {
    from: start && Number(from ?? Number.MAX_SAFE_INTEGER),
    to: end && Number(to ?? 0),
  };
}

/** MAC and last position of these batches. */
export async function findBatchEnds(
  db: Queryable,
  numbers: readonly number[],
): Promise<ReadonlyMap<number, { position: number; mac: Buffer }>> {
  const rows = await db.query<{ number: string; position: string; mac: Buffer }>(
    `SELECT number, first_position + record_count - 1 AS position, mac FROM audit_batches
     WHERE number = ANY ($1::bigint[])`,
    [numbers],
  );
  return new Map(
    rows.map(({ number, position, mac }) => [Number(number), { position: Number(position), mac }]),
  );
}

/** What a month's records are: the batches that were recorded in it, from their own rows. */
export async function findBatchesRecorded(
  db: Queryable,
  start: Date,
  end: Date,
): Promise<Pruning | undefined> {
  const [row] = await db.query<Record<keyof Pruning, string | null>>(
    `SELECT min(number) AS "firstNumber", max(number) AS "lastNumber", min(first_position) AS "firstPosition",
       max(first_position + record_count - 1) AS "lastPosition"
     FROM audit_batches WHERE recorded_at >= $1 AND recorded_at < $2`,
    [start, end],
  );
  if (row === undefined || row.firstNumber === null) return undefined;
  return {
    firstNumber: Number(row.firstNumber),
    lastNumber: Number(row.lastNumber),
    firstPosition: Number(row.firstPosition),
    lastPosition: Number(row.lastPosition),
  };
}
