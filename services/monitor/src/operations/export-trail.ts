import { AUDIT_EVENTS } from '@strongroom/contracts/audit';
import type { Caller, RequestInfo } from '@strongroom/contracts/caller';
import type { MonitorContext } from '../context.ts';
import { trailLine } from '../domain/trail-line.ts';
import { findHead } from '../store/audit-events.ts';
import { findFirstPositionSince, readTrailPage, type TrailPart } from '../store/trail-records.ts';

/** What is in memory at a time. */
const PAGE = 250;

/** How far a service's clock may be ahead of monitor's before an export by time could miss its records. */
const CLOCK_MARGIN_MS = 86_400_000;

/**
 * The part of the trail as JSON lines, read page by page while they are taken. It ends with the last record that was
 * there when it began. Resolves only when the record of this very export is durable.
 */
export async function exportTrail(
  { db, audit }: Pick<MonitorContext, 'db' | 'audit'>,
  caller: Caller,
  request: RequestInfo,
  wanted: TrailPart,
): Promise<AsyncIterable<string>> {
  const head = await findHead(db);
  const part = { ...wanted, lastPosition: Math.min(wanted.lastPosition, head) };
  await audit.write({
    type: AUDIT_EVENTS.auditTrailExported,
    caller,
    request,
    message: {
      firstPosition: String(part.firstPosition),
      lastPosition: String(part.lastPosition),
      ...(part.from === undefined ? {} : { 'filter.from': part.from.toISOString() }),
      ...(part.to === undefined ? {} : { 'filter.to': part.to.toISOString() }),
    },
  });
  return lines(db, part);
}

async function* lines(db: MonitorContext['db'], part: TrailPart): AsyncGenerator<string> {
  for (let first: number | undefined = await startOf(db, part); first !== undefined;) {
    const { records, next } = await readTrailPage(db, { ...part, firstPosition: first }, PAGE);
    if (records.length > 0) yield records.map(record => `${trailLine(record)}\n`).join('');
    first = next;
  }
}

/** Records come after they were made, so what monitor recorded long before the range cannot be in it. */
async function startOf(
  db: MonitorContext['db'],
  { firstPosition, lastPosition, from }: TrailPart,
): Promise<number | undefined> {
  const since =
    from === undefined
      ? firstPosition
      : await findFirstPositionSince(db, new Date(from.getTime() - CLOCK_MARGIN_MS));
  if (since === undefined) return undefined;
  const start = Math.max(firstPosition, since);
  return start <= lastPosition ? start : undefined;
}
