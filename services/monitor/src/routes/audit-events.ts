import type { Caller, RequestInfo } from '@strongroom/contracts/caller';
import { isDescending, paging, SortDirection } from '@strongroom/http/paging';
import { ok, route, withPermission, type Reply, type Route } from '@strongroom/http/route';
import {
  Choice,
  Envelope,
  Line,
  Members,
  OrNull,
  Timestamp,
  Type,
  type Static,
} from '@strongroom/schema/types';
import type { MonitorContext } from '../context.ts';
import { parseInstant, parseMembers, parseWords, type TrailSearch } from '../domain/trail-search.ts';
import { readTrail } from '../operations/read-trail.ts';
import { auditEventView, AuditEventView } from './audit-event-view.ts';

const PREFIX = '/monitor-service/api/v1';
const access = withPermission('logs-view', 'logs-manage');
const Page = Envelope(AuditEventView);

const PageQuery = Members({
  ...paging({ limit: 50, max: 1_000 }),
  sortkey: Type.Optional(Choice('created')),
  sortdir: Type.Optional(SortDirection),
  fuzzycount: Type.Boolean({ default: false }),
});

/** Go clients send an empty text for what is unset. */
const Id = OrNull(Line(128));
const Instant = Type.Optional(Type.Union([Timestamp, Type.Literal(''), Type.Null()]));

const SearchInput = Members({
  keywords: OrNull(Line(1_000)),
  user_id: Id,
  connection_id: Id,
  host_id: Id,
  source_id: Id,
  session_id: Id,
  access_group_id: Id,
  start_time: Instant,
  end_time: Instant,
});

/** The audit trail (contract 7), newest first unless asked otherwise. */
export const auditEventRoutes = (ctx: Pick<MonitorContext, 'db' | 'audit'>): Route[] => [
  route({
    method: 'get',
    path: `${PREFIX}/auditevents`,
    operationId: 'listAuditEvents',
    tag: 'audit events',
    summary: 'List audit events',
    access,
    query: PageQuery,
    response: Page,
    handle: async ({ query, caller, request }) => answer(ctx, caller, request, toSearch(query, {})),
  }),
  route({
    method: 'post',
    path: `${PREFIX}/auditevents/search`,
    operationId: 'searchAuditEvents',
    tag: 'audit events',
    summary: 'Search audit events by words, by ids in their message and by time',
    access,
    query: PageQuery,
    body: SearchInput,
    response: Page,
    handle: async ({ query, body, caller, request }) => answer(ctx, caller, request, toSearch(query, body)),
  }),
];

const toSearch = (query: Static<typeof PageQuery>, body: Static<typeof SearchInput>): TrailSearch => ({
  words: parseWords(body.keywords ?? ''),
  members: parseMembers(body),
  from: parseInstant('start_time', body.start_time),
  to: parseInstant('end_time', body.end_time),
  descending: query.sortdir === undefined || isDescending(query.sortdir),
  offset: query.offset,
  limit: query.limit,
  fuzzyCount: query.fuzzycount,
});

async function answer(
  ctx: Pick<MonitorContext, 'db' | 'audit'>,
  caller: Caller,
  request: RequestInfo,
  search: TrailSearch,
): Promise<Reply> {
  const { count, events } = await readTrail(ctx, caller, request, search);
  return ok({ count, items: events.map(auditEventView) });
}
