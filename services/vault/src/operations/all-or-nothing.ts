import type { Database, Queryable } from '@strongroom/db/database';

const UNDONE = new Error('another writer was first');

/** A transaction that is undone when `work` says false, which then is what it comes to. */
export async function allOrNothing(
  db: Pick<Database, 'transaction'>,
  work: (tx: Queryable) => Promise<boolean>,
): Promise<boolean> {
  try {
    await db.transaction(async tx => {
      if (!(await work(tx))) throw UNDONE;
    });
    return true;
  } catch (error) {
    if (error === UNDONE) return false;
    throw error;
  }
}
