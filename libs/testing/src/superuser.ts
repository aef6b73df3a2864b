import { openDatabase, type Database, type Queryable } from '@strongroom/db/database';
import { silentLogger } from '@strongroom/log/logger';
import type { TestDatabase } from './database.ts';

/** Past all rights: for tests that look into tables or tamper with them. */
export function openSuperuser({ superuserUrl, schema }: TestDatabase): Database {
  const password = decodeURIComponent(new URL(superuserUrl).password);
  return openDatabase({ url: superuserUrl, password, schema, poolSize: 3, deadlineMs: 20_000 }, silentLogger);
}

/** Whether the database answers now. */
export const isReachable = (db: Queryable): Promise<boolean> =>
  db.query('SELECT 1').then(
    () => true,
    () => false,
  );

/** Resolves when a statement of the service waits for a lock that a test holds. */
export async function untilBlocked(superuser: Database): Promise<void> {
  for (let blocked = 0; blocked === 0;) {
    const [row] = await superuser.query<{ blocked: number }>(
      `SELECT count(*)::integer AS blocked FROM pg_stat_activity
       WHERE datname = current_database() AND wait_event_type = 'Lock'`,
    );
    blocked = row?.blocked ?? 0;
  }
}
