import { AUDIT_EVENTS, type AuditEventType } from '@strongroom/contracts/audit';
import type { Caller, RequestInfo } from '@strongroom/contracts/caller';
import type { AuthContext } from '../context.ts';
import { sessionNotFound } from '../domain/errors.ts';
import { findSession, type SessionFilter } from '../store/sessions.ts';
import { endSessions } from './effects-at-once.ts';

/** Ends one session, whoever's it is. */
export async function terminateSession(
  ctx: AuthContext,
  caller: Caller,
  request: RequestInfo,
  id: string,
): Promise<void> {
  const session = await findSession(ctx.db, id);
  if (session === undefined) throw sessionNotFound();
  await end(ctx, caller, request, AUDIT_EVENTS.sessionEnded, { id });
}

/** Ends one of the caller's own sessions; another's does not exist for it. */
export async function terminateOwnSession(
  ctx: AuthContext,
  caller: Caller,
  request: RequestInfo,
  id: string,
): Promise<void> {
  const session = await findSession(ctx.db, id);
  if (session?.subject.id !== caller.id) throw sessionNotFound();
  await end(ctx, caller, request, AUDIT_EVENTS.sessionEnded, { id });
}

/** Ends all sessions of a person or of an API client. */
export const terminateSessionsOf = (
  ctx: AuthContext,
  caller: Caller,
  request: RequestInfo,
  subjectId: string,
): Promise<void> => end(ctx, caller, request, AUDIT_EVENTS.sessionEnded, { subjectId });

/** Ends the session in which this very call was made. A service has none. */
export const logOut = (ctx: AuthContext, caller: Caller, request: RequestInfo): Promise<void> =>
  caller.kind === 'service'
    ? Promise.resolve()
    : end(ctx, caller, request, AUDIT_EVENTS.userLoggedOut, { id: caller.sessionId });

async function end(
  ctx: AuthContext,
  caller: Caller,
  request: RequestInfo,
  type: AuditEventType,
  filter: SessionFilter,
): Promise<void> {
  await ctx.db.transaction(async tx => {
    const ended = await endSessions(ctx, tx, filter);
    await ctx.audit.append(tx, {
      type,
      caller,
      request,
      message: {
        ...(filter.subjectId === undefined ? {} : { targetID: filter.subjectId }),
        endedSessionIDs: ended.slice(0, 100).join(' '),
        count: String(ended.length),
      },
    });
  });
  ctx.ring();
}
