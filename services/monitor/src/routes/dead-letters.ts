import { DURABLE_QUEUES } from '@strongroom/contracts/queues';
import { ok, route, withPermission, type Route } from '@strongroom/http/route';
import { Choice, Envelope, FreeObject, Members, Timestamp, Type } from '@strongroom/schema/types';
import type { MonitorContext } from '../context.ts';
import { readDeadLetters, requeueDeadLetters } from '../operations/dead-letters.ts';

const PATH = '/monitor-service/api/v1/dead-letters';
const access = withPermission('logs-manage');

const Queue = Choice(...DURABLE_QUEUES.map(({ queue }) => queue));
const DeadLetterView = Members({
  reason: Type.String(),
  dead_at: Type.Union([Timestamp, Type.Null()]),
  event: FreeObject,
});

/** Events of the queues between the services that a consumer could not deal with. */
export const deadLetterRoutes = (ctx: Pick<MonitorContext, 'bus' | 'audit'>): Route[] => [
  route({
    method: 'get',
    path: PATH,
    operationId: 'listDeadLetters',
    tag: 'operation',
    summary: 'List the oldest events that the consumer of a queue could not deal with',
    access,
    query: Members({
      queue: Queue,
      limit: Type.Integer({ minimum: 1, maximum: 100, default: 50 }),
    }),
    response: Envelope(DeadLetterView),
    async handle({ query, caller, request }) {
      const { count, items } = await readDeadLetters(ctx, caller, request, query);
      return ok({
        count,
        items: items.map(({ reason, deadAt, event }) => ({
          reason,
          dead_at: deadAt?.toISOString() ?? null,
          event,
        })),
      });
    },
  }),
  route({
    method: 'post',
    path: `${PATH}/requeue`,
    operationId: 'requeueDeadLetters',
    tag: 'operation',
    summary: 'Give the oldest of them to their consumer again',
    access,
    body: Members({
      queue: Queue,
      limit: Type.Integer({ minimum: 1, maximum: 1_000, default: 100 }),
    }),
    response: Members({ requeued: Type.Integer() }),
    handle: async ({ body, caller, request }) =>
      ok({ requeued: await requeueDeadLetters(ctx, caller, request, body) }),
  }),
];
