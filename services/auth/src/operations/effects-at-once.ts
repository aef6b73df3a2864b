import { rememberEndedSessions, rememberReducedRights } from '@strongroom/auth-client/remembered-revocations';
import { cloudEvent } from '@strongroom/contracts/cloud-event';
import {
  RIGHTS_CHANGED,
  SESSION_ENDED,
  type RightsChanged,
  type SessionEnded,
  type SubjectRights,
} from '@strongroom/contracts/session-events';
import type { Transaction } from '@strongroom/db/database';
import { appendEvents } from '@strongroom/outbox/outbox';
import type { AuthContext } from '../context.ts';
import type { Subject } from '../domain/subject.ts';
import { dropPendingSignIns } from '../store/authorization-codes.ts';
import { recordRightsChange } from '../store/rights-changes.ts';
import { findLiveHolders, lockRights, markSessionsEnded, type SessionFilter } from '../store/sessions.ts';
import { rightsOf } from './rights.ts';

/**
 * What must count before tokens expire (docs/adr/0011-effects-at-once.md). Each function belongs into the
 * transaction of the change that causes it; the caller rings after the commit. Tokens are issued under a
 * shared lock that these functions take alone, so that no token with the old rights slips through beside the
 * change. A transaction that needs row locks takes them before. Events carry the news; once it is certain, the cache
 * gets it, too, for replicas that cannot hear (docs/adr/0018-only-a-cache.md).
 */

type Teller = Pick<AuthContext, 'cache' | 'config' | 'newId' | 'now'>;

/** Bounds one event: a change that touches thousands becomes several. */
const BATCH = 100;

interface EndFilter extends SessionFilter {
  /** Hash of the token of an authorization request that goes on although the person's others end. */
  readonly exceptRequest?: Buffer;
}

/** Ends sessions: their tokens, access and refresh, are refused everywhere. Returns the ids of those ended. */
export async function endSessions(ctx: Teller, tx: Transaction, filter: EndFilter): Promise<string[]> {
  if (filter.subjectId !== undefined) {
    await dropPendingSignIns(tx, filter.subjectId, filter.exceptRequest ?? null);
  }
  await lockRights(tx, 'alone');
  const ids = await markSessionsEnded(tx, filter, ctx.now());
  const events = batches(ids).map(sessionIds =>
    cloudEvent<SessionEnded>(ctx.config.service, SESSION_ENDED, ctx.newId(), ctx.now(), { sessionIds }),
  );
  if (events.length > 0) await appendEvents(tx, events);
  tx.afterCommit(() => void rememberEndedSessions(ctx.cache, ids));
  return ids;
}

/** Tells everyone what these subjects may do from now on. Call it after the change, in its transaction. */
export async function announceRights(
  ctx: Teller,
  tx: Transaction,
  subjects: readonly Subject[],
): Promise<void> {
  await lockRights(tx, 'alone');
  const now = ctx.now();
  const rights: SubjectRights[] = [];
  for (const subject of subjects) {
    // Without an address: a limit to addresses was applied when the token was issued, and narrows it further.
    const { roles, permissions } = await rightsOf(tx, subject, { now, address: null });
    rights.push({ id: subject.id, roles, permissions });
    await recordRightsChange(tx, subject, now);
  }
  const events = batches(rights).map(part =>
    cloudEvent<RightsChanged>(ctx.config.service, RIGHTS_CHANGED, ctx.newId(), now, { subjects: part }),
  );
  if (events.length > 0) await appendEvents(tx, events);
  tx.afterCommit(() => void rememberReducedRights(ctx.cache, rights, now));
}

/**
 * Those whose tokens carry a role now. To be asked before the change: a deleted role leaves no trace of who
 * had it.
 */
export async function liveHolders(
  ctx: Pick<Teller, 'now'>,
  tx: Transaction,
  roleIds: readonly string[],
): Promise<Subject[]> {
  await lockRights(tx, 'alone');
  return findLiveHolders(tx, roleIds, ctx.now());
}

function batches<T>(items: readonly T[]): T[][] {
  const result: T[][] = [];
  for (let start = 0; start < items.length; start += BATCH) result.push(items.slice(start, start + BATCH));
  return result;
}
