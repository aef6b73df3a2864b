import { setTimeout as pause } from 'node:timers/promises';
import { openDatabase, type Database } from '@strongroom/db/database';
import { silentLogger } from '@strongroom/log/logger';
import type { ProcessCluster } from '@strongroom/testing/process-cluster';
import { inflict, type Fault, type FaultContext } from './rotation-faults.ts';
import { installGates } from './rotation-gates.ts';
import type { RotatedHost } from './rotation-hosts.ts';

export interface DrillOptions {
  readonly cluster: ProcessCluster;
  readonly hosts: readonly RotatedHost[];
  /** As few as this; more when the faults take longer. */
  readonly rotations: number;
  readonly faults: readonly Fault[];
  /** Accounts that are rotated at once. */
  readonly inFlight: number;
  /** Of one attempt on a host. */
  readonly deadlineMs: number;
  /** Runs while the rotators that a fault has killed are dead. */
  readonly whileDead?: (db: Database) => Promise<void>;
  readonly tell: (progress: string) => void;
}

export interface DrillResult {
  readonly faults: readonly Fault[];
  /** Faults to whose point no rotation came. */
  readonly missed: readonly Fault[];
  readonly outcomes: Readonly<Record<string, number>>;
  /** Times that a rotation was taken up again: after a fault, or for a further attempt. */
  readonly takenUpAgain: number;
  /** Times that it was found out which of two passwords an account has. */
  readonly settled: number;
}

/** How long rotations may take to come to a point, and to end when all is whole again. */
const PATIENCE_MS = 90_000;
const SETTLING_MS = 240_000;

/** Keeps accounts being rotated while it inflicts one fault after the other, then waits until nothing is under way. */
export async function drill(options: DrillOptions): Promise<DrillResult> {
  const { cluster, hosts, faults, deadlineMs, whileDead, tell } = options;
  await installGates(cluster.database.url);
  const db = openSchema(cluster);
  try {
    const context: FaultContext = {
      cluster,
      links: hosts.map(({ link }) => link),
      deadlineMs,
      ...(whileDead === undefined ? {} : { whileDead: () => whileDead(db) }),
    };
    const state = { isOver: false };
    const load = keepRotating(options, db, state);
    const missed: Fault[] = [];
    const work = (async () => {
      for (const [index, fault] of faults.entries()) {
        const isDone = await inflict(context, fault, PATIENCE_MS);
        if (!isDone) missed.push(fault);
        const how = isDone ? '' : ': nothing came there';
        tell(`fault ${index + 1} of ${faults.length}: ${fault.kind}, at ${fault.point}${how}`);
      }
      while ((await countFinished(db)) < options.rotations) await pause(200);
    })().finally(() => {
      state.isOver = true;
    });
    await Promise.all([work, load]);
    tell('no more faults; waiting for what is under way');
    await untilSettled(db);
    return { ...(await summary(db)), missed, faults: faults.filter(fault => !missed.includes(fault)) };
  } finally {
    await db.close();
  }
}

/** As its superuser, with the tables of secrets-manager at hand. */
export function openSchema({ database }: ProcessCluster): Database {
  const { password } = new URL(database.url);
  return openDatabase(
    { url: database.url, password, schema: 'secrets_manager', poolSize: 2, deadlineMs: 10_000 },
    silentLogger,
  );
}

/** Again while the database is away. */
async function ask<Row>(db: Database, text: string): Promise<Row[]> {
  for (let round = 1; ; round += 1) {
    try {
      return await db.query<Row>(text);
    } catch (error) {
      if (round === 50) throw error;
      await pause(200);
    }
  }
}

async function keepRotating(
  { cluster, hosts, inFlight }: DrillOptions,
  db: Database,
  state: { readonly isOver: boolean },
): Promise<void> {
  const accounts = hosts.flatMap(host => host.accounts.map(account => ({ host, account })));
  let turn = 0;
  while (!state.isOver) {
    await pause(50);
    const unfinished = await ask<{ key: string }>(
      db,
      `SELECT system_id || ' ' || account AS key FROM rotations WHERE finished_at IS NULL`,
    );
    const busy = new Set(unfinished.map(({ key }) => key));
    const wanted: typeof accounts = [];
    for (let seen = 0; seen < accounts.length && busy.size + wanted.length < inFlight; seen += 1) {
      const next = accounts[(turn += 1) % accounts.length];
      if (next !== undefined && !busy.has(`${next.host.id} ${next.account}`)) wanted.push(next);
    }
    await Promise.all(wanted.map(({ host, account }) => requestRotation(cluster, host, account)));
  }
}

export async function requestRotation(
  { client }: ProcessCluster,
  host: Pick<RotatedHost, 'rotatePath'>,
  account: string,
): Promise<void> {
  const { status, text } = await client.call('POST', host.rotatePath(account));
  if (status !== 200) throw new Error(`a rotation was refused: ${status} ${text}`);
}

async function countFinished(db: Database): Promise<number> {
  const [row] = await ask<{ count: number }>(
    db,
    'SELECT count(*)::integer AS count FROM rotations WHERE finished_at IS NOT NULL',
  );
  return row?.count ?? 0;
}

/** Rejects when rotations are still under way after all that time, and says what holds them up. */
export async function untilSettled(db: Database, patienceMs = SETTLING_MS): Promise<void> {
  const end = performance.now() + patienceMs;
  for (;;) {
    await ask(db, END_BACK_OFFS);
    const unfinished = await ask<{ what: string }>(db, UNFINISHED);
    if (unfinished.length === 0) return;
    if (performance.now() > end) {
      const what = unfinished.map(row => row.what).join('\n');
      throw new Error(`not finished after ${patienceMs / 1_000} s:\n${what}`);
    }
    await pause(200);
  }
}

/** No claim lasts for so long, so these wait for nothing but their next try; when all is whole, that may be now. */
const END_BACK_OFFS = `UPDATE rotations SET claimable_at = clock_timestamp()
  WHERE finished_at IS NULL AND claimable_at > clock_timestamp() + interval '2 minutes'`;

const UNFINISHED = `SELECT concat_ws(', ', step, failures || ' failures', postponements || ' postponements',
    'claimed ' || fence || ' times', 'next in ' || round(extract(epoch FROM claimable_at - clock_timestamp())) || ' s',
    last_error_details) AS what
  FROM rotations JOIN accounts USING (system_id, account) WHERE finished_at IS NULL`;

async function summary(db: Database): Promise<Omit<DrillResult, 'faults' | 'missed'>> {
  const outcomes = await ask<{ outcome: string; count: number }>(
    db,
    'SELECT outcome, count(*)::integer AS count FROM rotations GROUP BY outcome ORDER BY outcome',
  );
  const [row] = await ask<{ again: number; settled: number }>(
    db,
    `SELECT (SELECT coalesce(sum(fence - 1), 0)::integer FROM rotations WHERE fence > 1) AS again,
       (SELECT count(DISTINCT (rotation_id, fence))::integer FROM rotation_steps WHERE step = 'settling') AS settled`,
  );
  return {
    outcomes: Object.fromEntries(outcomes.map(({ outcome, count }) => [outcome, count])),
    takenUpAgain: row?.again ?? 0,
    settled: row?.settled ?? 0,
  };
}
