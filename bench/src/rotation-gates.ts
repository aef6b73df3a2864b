import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';

/**
 * What a rotation comes to, as its row says: taken by a replica; its candidate stored and about to be set; set and about
 * to be proved; left with two passwords that it may have; about to be tried with both; found to have the new one; put off to
 * a later attempt; and done.
 */
export const POINTS = [
  'claim',
  'setting',
  'proving',
  'in doubt',
  'settling',
  'promoting',
  'put off',
  'finish',
] as const;
export type Point = (typeof POINTS)[number];

/** Rotations that are held where they are about to put a point on record. */
export interface Held {
  /** The local ports by which the replicas concerned talk to the database. */
  readonly ports: readonly number[];
  /** They go on. */
  readonly release: () => Promise<void>;
  /** Their record is never written: for those who are gone. */
  readonly discard: () => Promise<void>;
}

/** A class of advisory locks that nothing else here uses. */
const LOCK_CLASS = 20_731;
const POLL_MS = 5;

/**
 * The saga puts every point on record before it goes on. Here its row waits for a lock first, which the drill may hold:
 * so a fault can be set exactly between a deed and its record.
 */
const INSTALL = `
CREATE OR REPLACE FUNCTION secrets_manager.hold_rotation() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  point text := CASE
    WHEN NEW.fence <> OLD.fence THEN 'claim'
    WHEN NEW.finished_at IS NOT NULL THEN 'finish'
    WHEN NEW.failures <> OLD.failures OR NEW.postponements <> OLD.postponements THEN 'put off'
    WHEN NEW.step = 'settling' AND NEW.claimable_at <> OLD.claimable_at THEN 'settling'
    WHEN NEW.step = 'settling' AND OLD.step <> 'settling' THEN 'in doubt'
    WHEN NEW.step <> OLD.step THEN NEW.step END;
  number integer := array_position(ARRAY['${POINTS.join("','")}'], point);
BEGIN
  IF number IS NOT NULL THEN PERFORM pg_advisory_xact_lock_shared(${LOCK_CLASS}, number); END IF;
  RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER hold_rotation BEFORE UPDATE ON secrets_manager.rotations
FOR EACH ROW EXECUTE FUNCTION secrets_manager.hold_rotation()`;

export async function installGates(databaseUrl: string): Promise<void> {
  const client = await connect(databaseUrl);
  await client.query(INSTALL);
  await client.end();
}

/** Holds whatever comes to this point. Undefined: nothing came before `isOver`. */
export async function holdAt(
  databaseUrl: string,
  point: Point,
  isOver: () => boolean,
): Promise<Held | undefined> {
  const client = await connect(databaseUrl);
  const key = POINTS.indexOf(point) + 1;
  const release = () => client.end();
  const discard = async () => {
    await client.query(END_WAITING, [LOCK_CLASS, key]);
    await client.end();
  };
  try {
    await client.query('SELECT pg_advisory_lock($1, $2)', [LOCK_CLASS, key]);
    while (!isOver()) {
      const { rows } = await client.query<{ port: number }>(WAITING, [LOCK_CLASS, key]);
      if (rows.length > 0) return { ports: rows.map(({ port }) => port), release, discard };
      await pause(POLL_MS);
    }
  } catch (error) {
    await release();
    throw error;
  }
  await release();
  return undefined;
}

const THOSE_WAITING = `FROM pg_locks JOIN pg_stat_activity USING (pid)
  WHERE locktype = 'advisory' AND NOT granted AND classid = $1 AND objid = $2`;
const WAITING = `SELECT client_port AS port ${THOSE_WAITING}`;
const END_WAITING = `SELECT pg_terminate_backend(pid) ${THOSE_WAITING}`;

async function connect(connectionString: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString, connectionTimeoutMillis: 5_000 });
  // A database that is killed takes the lock with it.
  client.on('error', () => undefined);
  await client.connect();
  return client;
}
