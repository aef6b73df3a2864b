import { paging } from '@strongroom/http/paging';
import { ok, route, withPermission, type Route } from '@strongroom/http/route';
import { Envelope, FreeObject, Members, Timestamp, Type } from '@strongroom/schema/types';
import type { MonitorContext } from '../context.ts';
import type { ChainContext } from '../operations/append-to-chain.ts';
import {
  readRejectedEvents,
  retryRejectedEvents,
  type ParseAuditEvent,
} from '../operations/rejected-events.ts';

const PATH = '/monitor-service/api/v1/rejected-events';
const access = withPermission('logs-manage');

const RejectedEventView = Members({
  id: Type.String(),
  received_at: Timestamp,
  reason: Type.String(),
  event: FreeObject,
});

/** Events of which the trail could not make records. */
export const rejectedEventRoutes = (
  ctx: ChainContext & Pick<MonitorContext, 'audit'>,
  parse: ParseAuditEvent,
): Route[] => [
  route({
    method: 'get',
    path: PATH,
    operationId: 'listRejectedEvents',
    tag: 'operation',
    summary: 'List events that the audit trail could not take, the oldest first',
    access,
    query: Members(paging({ limit: 50, max: 100 })),
    response: Envelope(RejectedEventView),
    async handle({ query, caller, request }) {
      const { count, events } = await readRejectedEvents(ctx, caller, request, query);
      return ok({
        count,
        items: events.map(({ id, receivedAt, reason, event }) => ({
          id,
          received_at: receivedAt.toISOString(),
          reason,
          event,
        })),
      });
    },
  }),
  route({
    method: 'post',
    path: `${PATH}/retry`,
    operationId: 'retryRejectedEvents',
    tag: 'operation',
    summary: 'Try to add the oldest of them to the trail again; those that it takes are removed here',
    access,
    body: Members({ limit: Type.Integer({ minimum: 1, maximum: 1_000, default: 100 }) }),
    response: Members({ added: Type.Integer(), rejected: Type.Integer() }),
    handle: async ({ body, caller, request }) =>
      ok(await retryRejectedEvents(ctx, parse, caller, request, body.limit)),
  }),
];
