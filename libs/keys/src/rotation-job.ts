import { setTimeout as delay } from 'node:timers/promises';
import type { Database, DatabaseSettings, Queryable } from '@strongroom/db/database';
import { leadJob } from '@strongroom/db/leader';
import type { Logger } from '@strongroom/log/logger';
import type { LiveKeyring } from './live-keyring.ts';
import { rewrapValues } from './rewrap-values.ts';
import {
  finishRotation,
  findRunningRotation,
  findUnended,
  findWriters,
  setUnreadable,
  type Rotation,
} from './rotation-store.ts';
import { countValues, requireAllListed, type SealedTable } from './sealed-table.ts';
import { commitUnless } from './start-rotation.ts';

export interface RotationJobOptions {
  db: Database;
  settings: Pick<DatabaseSettings, 'url' | 'password' | 'schema'>;
  keyring: LiveKeyring;
  tables: readonly SealedTable[];
  now: () => Date;
  log: Logger;
  /** Puts the proof on the record, in the transaction that makes it. */
  record: (tx: Queryable, rotation: Rotation) => Promise<void>;
  /** Called after that. */
  onFinished: () => void;
  /** How often a replica looks whether there is something to do; `wake` is quicker. */
  pollMs?: number;
}

export interface RotationJob {
  /** Tells the replica that leads, wherever it runs, that a rotation has begun. */
  wake: () => Promise<void>;
  /** Ends after the batch under way; another replica goes on. */
  stop: () => Promise<void>;
}

const WRITERS_MS = 50;

/**
 * Re-wraps in the background what is under a retired key, until it is proved that nothing is. One replica does it; when
 * it ends, also by kill -9, another goes on: what is left to do is in the rows themselves.
 */
export function startRotationJob(options: RotationJobOptions): RotationJob {
  const { db, settings, keyring, tables, now, log, record, onFinished, pollMs = 5_000 } = options;
  const channel = `key_rotation_${settings.schema}`;
  const stopping = new AbortController();
  let running: Promise<void> | undefined;
  let again = false;
  let toldUnreadable = 0;

  const leadership = leadJob({ settings, job: 'key-rotation', channel, retryMs: pollMs, log }, look);
  const poll = setInterval(look, pollMs);
  poll.unref();

  function look(): void {
    if (stopping.signal.aborted || !leadership.isLeader) return;
    again = true;
    running ??= work()
      .catch((error: unknown) => log.error('keys cannot be rotated; trying on', error))
      .finally(() => (running = undefined));
  }

  async function work(): Promise<void> {
    while (again && (await mayGoOn())) {
      again = false;
      const rotation = await findRunningRotation(db);
      if (rotation !== undefined) await rotate(rotation);
    }
  }

  /** Returns early when this replica stops or leads no more, and when what is left cannot be re-wrapped now. */
  async function rotate(rotation: Rotation): Promise<void> {
    await keyring.refresh();
    if (keyring.activeId !== rotation.toKey) throw new Error('the new key is not the active one');
    let mayProve = false;
    for (;;) {
      const pass = await rewrapValues(db, keyring, tables, rotation, rest);
      if (!(await mayGoOn())) return;
      if (!mayProve) {
        // Who wrote before the old key was retired may still add values under it. They are seen in the next pass.
        await writersEnded();
        mayProve = true;
        continue;
      }
      const left = await countValues(db, tables, rotation.fromKey);
      await setUnreadable(db, rotation.id, Math.min(pass.unreadable, left));
      if (left === 0) return finish(rotation);
      // What others hold locked, or what does not open, is tried again at the next look.
      if (pass.rewrapped === 0) {
        tellUnreadable(pass.unreadable);
        return;
      }
    }
  }

  function tellUnreadable(values: number): void {
    if (values !== toldUnreadable && values > 0) {
      log.error('values that do not open hold up the rotation of keys', undefined, { values });
    }
    toldUnreadable = values;
  }

  /** A third of the time is for others. */
  async function rest(workedMs: number): Promise<boolean> {
    await pause(workedMs / 2);
    return mayGoOn();
  }

  const mayGoOn = async () => !stopping.signal.aborted && (await leadership.prove());

  const pause = (ms: number): Promise<void> =>
    delay(ms, undefined, { signal: stopping.signal }).catch(() => undefined);

  /** Waits without holding anything, so that nobody waits for us (docs/adr/0024-key-rotation.md). */
  async function writersEnded(): Promise<void> {
    let writers = await findWriters(
      db,
      tables.map(({ table }) => table),
    );
    while (writers.length > 0 && !stopping.signal.aborted) {
      await pause(WRITERS_MS);
      writers = await findUnended(db, writers);
    }
  }

  async function finish(rotation: Rotation): Promise<void> {
    const isProved = await commitUnless(db, async tx => {
      await requireAllListed(tx, tables);
      // Nobody can add to it, and the count was 0: here it is on the record together with its consequences.
      if ((await countValues(tx, tables, rotation.fromKey)) > 0) return false;
      if (!(await finishRotation(tx, rotation, now()))) return false;
      await record(tx, rotation);
      return true;
    });
    if (!isProved) return;
    log.info('keys are rotated; no value needs the old one', {
      fromKey: rotation.fromKey,
      toKey: rotation.toKey,
    });
    onFinished();
  }

  return {
    async wake() {
      await db.query('SELECT pg_notify($1, $2)', [channel, '']);
    },
    async stop() {
      stopping.abort();
      clearInterval(poll);
      await running;
      await leadership.stop();
    },
  };
}
