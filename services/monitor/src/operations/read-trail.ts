import { AUDIT_EVENTS } from '@strongroom/contracts/audit';
import type { Caller, RequestInfo } from '@strongroom/contracts/caller';
import type { MonitorContext } from '../context.ts';
import type { AuditEvent } from '../domain/trail.ts';
import type { TrailSearch } from '../domain/trail-search.ts';
import { searchAuditEvents } from '../store/audit-events.ts';

/** Reads a page of the trail. Resolves only when the record of this very read is durable. */
export async function readTrail(
  ctx: Pick<MonitorContext, 'db' | 'audit'>,
  caller: Caller,
  request: RequestInfo,
  search: TrailSearch,
): Promise<{ count: number; events: readonly AuditEvent[] }> {
  const found = await searchAuditEvents(ctx.db, search);
  await ctx.audit.write({
    type: AUDIT_EVENTS.auditTrailRead,
    caller,
    request,
    message: {
      keywords: search.words.join(' '),
      ...filtersOf(search),
      offset: String(search.offset),
      read: String(found.events.length),
    },
  });
  return found;
}

/** Under keys of their own: `userID` of a record is who acted, not whom they looked for. */
function filtersOf({ members, from, to }: TrailSearch): Record<string, string> {
  return {
    ...Object.fromEntries(Object.entries(members).map(([key, value]) => [`filter.${key}`, value])),
    ...(from === undefined ? {} : { 'filter.from': from.toISOString() }),
    ...(to === undefined ? {} : { 'filter.to': to.toISOString() }),
  };
}
