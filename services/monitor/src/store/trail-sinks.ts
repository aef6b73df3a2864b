import type { Queryable } from '@strongroom/db/database';

/** How far the sink has taken the trail. One that is new begins behind `start`. */
export async function openSink(db: Queryable, name: string, start: number, now: Date): Promise<number> {
  await db.query(
    `INSERT INTO trail_sinks (name, position, updated_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`,
    [name, start, now],
  );
  return (await findSink(db, name)) ?? start;
}

/** Undefined: never opened. */
export async function findSink(db: Queryable, name: string): Promise<number | undefined> {
  const [row] = await db.query<{ position: string }>('SELECT position FROM trail_sinks WHERE name = $1', [
    name,
  ]);
  return row && Number(row.position);
}

/** Never back: a replica that led before may come late. */
export async function moveSink(db: Queryable, name: string, position: number, now: Date): Promise<void> {
  await db.query('UPDATE trail_sinks SET position = $2, updated_at = $3 WHERE name = $1 AND position < $2', [
    name,
    position,
    now,
  ]);
}
