import type { Queryable } from '@strongroom/db/database';
import type { OAuthClient } from '../domain/oauth-client.ts';
import type { Subject } from '../domain/subject.ts';
import { passesFilter } from '../domain/user-attributes.ts';
import { findApiClient } from '../store/api-clients.ts';
import { findUser } from '../store/users.ts';

/**
 * Names a subject for its session. Undefined when it is gone or disabled, when it is an application account and the
 * client is for people, or when the client's filter lets the person pass no longer: tokens are issued and renewed by what held at the sign-in.
 */
export async function identityOf(
  db: Queryable,
  subject: Subject,
  { userFilter, admitsApplications }: Pick<OAuthClient, 'userFilter' | 'admitsApplications'>,
): Promise<{ username: string; sourceId: string | null } | undefined> {
  if (subject.kind === 'api-client') {
    const client = await findApiClient(db, subject.id);
    return client && { username: client.name, sourceId: null };
  }
  const user = await findUser(db, subject.id);
  if (user === undefined || user.isDisabled) return undefined;
  if (user.isApplication && !admitsApplications) return undefined;
  return passesFilter(userFilter, user) ? { username: user.username, sourceId: user.sourceId } : undefined;
}
