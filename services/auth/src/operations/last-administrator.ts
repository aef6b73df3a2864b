import type { Queryable } from '@strongroom/db/database';
import { lastAdministrator } from '../domain/errors.ts';
import { lockAdministrators } from '../store/administrators.ts';

/** Somebody must remain who can mend everything. Ask it before roles are locked: it locks that of administrators. */
export async function requireAnotherAdministrator(tx: Queryable, userId: string): Promise<void> {
  const administrators = await lockAdministrators(tx);
  if (administrators.length === 1 && administrators[0] === userId) throw lastAdministrator();
}
