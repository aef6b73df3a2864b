import type { RevocationCursor } from '@strongroom/auth-client/revocation-feed';
import {
  MAX_ACCESS_TOKEN_SECONDS,
  type Revocations,
  type SubjectRights,
} from '@strongroom/contracts/session-events';
import type { AuthContext } from '../context.ts';
import { findRightsChanges } from '../store/rights-changes.ts';
import { findEndedSessions } from '../store/sessions.ts';
import { rightsOf } from './rights.ts';

const SESSIONS_PER_PAGE = 1_000;
/** Each costs a look-up of its rights. */
const SUBJECTS_PER_PAGE = 100;

/** What somebody who verifies tokens must know and may have missed: one page, empty when there is no more. */
export async function findRevocations(
  { db, now: clock }: Pick<AuthContext, 'db' | 'now'>,
  { afterSession, afterSubject }: RevocationCursor,
): Promise<Revocations> {
  const now = clock();
  const since = new Date(now.getTime() - MAX_ACCESS_TOKEN_SECONDS * 1000);
  const sessionIds = await findEndedSessions(
    db,
    { since, now },
    { after: afterSession, limit: SESSIONS_PER_PAGE },
  );
  const changed = await findRightsChanges(db, since, { after: afterSubject, limit: SUBJECTS_PER_PAGE });
  const subjects: SubjectRights[] = [];
  for (const subject of changed) {
    const { roles, permissions } = await rightsOf(db, subject, { now, address: null });
    subjects.push({ id: subject.id, roles, permissions });
  }
  return { sessionIds, subjects };
}
