import type { Queryable } from '@strongroom/db/database';
import type { Subject } from '../domain/subject.ts';
import { findApiClient } from '../store/api-clients.ts';
import { findUser } from '../store/users.ts';

/** Names a subject for its session; undefined when it is gone or disabled. */
export async function identityOf(
  db: Queryable,
  subject: Subject,
): Promise<{ username: string; sourceId: string | null } | undefined> {
  if (subject.kind === 'api-client') {
    const client = await findApiClient(db, subject.id);
    return client && { username: client.name, sourceId: null };
  }
  const user = await findUser(db, subject.id);
  return user === undefined || user.isDisabled
    ? undefined
    : { username: user.username, sourceId: user.sourceId };
}
