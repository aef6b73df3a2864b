import type { RootKeyProvider } from '@strongroom/crypto/root-key';
import type { Database, Queryable } from '@strongroom/db/database';
import { keysBusy } from './key-errors.ts';
import { activeKey, findKeys, makeKey } from './key-store.ts';
import { findRunningRotation, insertRotation, type Rotation } from './rotation-store.ts';
import { countValues, requireAllListed, type SealedTable } from './sealed-table.ts';

export interface RotationStart {
  db: Database;
  schema: string;
  rootKeys: RootKeyProvider;
  tables: readonly SealedTable[];
  newId: () => string;
  now: () => Date;
  startedBy: string;
  /** Puts the start on the record, in the transaction that makes it. */
  record: (tx: Queryable, rotation: Rotation) => Promise<void>;
}

const ROUNDS = 10;

/** Makes a new active key and retires the one before. Answers the rotation that runs, if there is one. */
export async function startRotation(start: RotationStart): Promise<{ rotation: Rotation; isNew: boolean }> {
  const { db, schema, rootKeys, tables, newId, now, startedBy, record } = start;
  await requireAllListed(db, tables);
  for (let round = 0; round < ROUNDS; round += 1) {
    const running = await findRunningRotation(db);
    if (running !== undefined) return { rotation: running, isNew: false };
    const from = activeKey(await findKeys(db), schema);
    const toKey = from.id + 1;
    // Under the root key of the key before: the next root key counts once all keys are changed to it.
    const wrapped = await makeKey(rootKeys, schema, toKey, from.rootKeyName);
    const rotation: Rotation = {
      id: newId(),
      fromKey: from.id,
      toKey,
      startedAt: now(),
      startedBy,
      total: await countValues(db, tables, from.id),
      rewrapped: 0,
      unreadable: 0,
      finishedAt: undefined,
    };
    const isFirst = await commitUnless(db, async tx => {
      if (!(await insertRotation(tx, rotation, from, wrapped))) return false;
      await record(tx, rotation);
      return true;
    });
    if (isFirst) return { rotation, isNew: true };
  }
  throw keysBusy();
}

class NotDone extends Error {}

/** Commits when `work` says true; when it says false, nothing was changed. */
export async function commitUnless(
  db: Database,
  work: (tx: Queryable) => Promise<boolean>,
): Promise<boolean> {
  try {
    await db.transaction(async tx => {
      if (!(await work(tx))) throw new NotDone();
    });
    return true;
  } catch (error) {
    if (error instanceof NotDone) return false;
    throw error;
  }
}
