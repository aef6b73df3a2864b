import type { Cache } from '@strongroom/cache/cache';
import type { SubjectRights } from '@strongroom/contracts/session-events';
import type { Logger } from '@strongroom/log/logger';
import { bodyParser } from '@strongroom/schema/parser';
import { Type } from '@strongroom/schema/types';
import { KEEP_SECONDS, type Announced, type Recalled } from './revocations.ts';

/**
 * What auth announces, kept in the cache for replicas that start, or lose the bus, while auth cannot be asked. The
 * cache may forget; auth's own answer completes. And it may be tampered with, but all this only ever takes away.
 */
const SESSIONS = 'revocations:sessions';
const SUBJECTS = 'revocations:subjects';

/** A subject with more rights than fit is left to auth to tell. */
const MAX_MEMBER_LENGTH = 16_384;

const Rights = Type.Array(Type.String({ maxLength: 64 }));
const parseSubject = bodyParser(
  Type.Object({
    id: Type.String({ minLength: 1, maxLength: 128 }),
    roles: Rights,
    permissions: Rights,
    at: Type.Number(),
  }),
);

export const rememberEndedSessions = (cache: Cache, ids: readonly string[]): Promise<void> =>
  cache.remember(SESSIONS, ids, KEEP_SECONDS);

/** `at`: when it was announced. */
export function rememberReducedRights(
  cache: Cache,
  subjects: readonly SubjectRights[],
  at: Date,
): Promise<void> {
  const members = subjects
    .map(({ id, roles, permissions }) => JSON.stringify({ id, roles, permissions, at: at.getTime() / 1_000 }))
    .filter(member => member.length <= MAX_MEMBER_LENGTH);
  return cache.remember(SUBJECTS, members, KEEP_SECONDS);
}

/** Empty when the cache cannot be asked. */
export async function recallRevocations(cache: Cache, log: Logger): Promise<Recalled> {
  const [sessionIds, members] = await Promise.all([cache.recall(SESSIONS), cache.recall(SUBJECTS)]);
  const subjects: Announced[] = [];
  for (const member of members) {
    try {
      subjects.push(parseSubject(JSON.parse(member)));
    } catch {
      // The cause may quote the member, which anybody may have written.
      log.warn('what the cache said of a subject was dropped');
    }
  }
  return { sessionIds, subjects };
}
