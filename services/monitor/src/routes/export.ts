import { invalidField } from '@strongroom/errors/common-errors';
import { route, withPermission, type Route } from '@strongroom/http/route';
import { Members, Timestamp, Type } from '@strongroom/schema/types';
import type { MonitorContext } from '../context.ts';
import { parseInstant } from '../domain/trail-search.ts';
import { exportTrail } from '../operations/export-trail.ts';

const JSON_LINES = 'application/x-ndjson';

const Position = Type.Optional(Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }));
const ExportQuery = Members({
  from: Position,
  to: Position,
  start_time: Type.Optional(Timestamp),
  end_time: Type.Optional(Timestamp),
});

/** One record a line, in the order of the trail, for whoever keeps or examines it elsewhere. */
export const exportRoute = (ctx: Pick<MonitorContext, 'db' | 'audit'>): Route =>
  route({
    method: 'get',
    path: '/monitor-service/api/v1/auditevents/export',
    operationId: 'exportAuditEvents',
    tag: 'audit events',
    summary:
      'Export the audit trail as JSON lines, by positions and by time; an answer that breaks off is not whole',
    access: withPermission('logs-view', 'logs-manage'),
    query: ExportQuery,
    produces: JSON_LINES,
    async handle({ query, caller, request }) {
      const { from = 1, to = Number.MAX_SAFE_INTEGER } = query;
      if (from > to) throw invalidField('from', 'from must not be behind to', 'VALUE_OUT_OF_BOUNDS');
      const pieces = await exportTrail(ctx, caller, request, {
        firstPosition: from,
        lastPosition: to,
        from: parseInstant('start_time', query.start_time),
        to: parseInstant('end_time', query.end_time),
      });
      return { stream: { type: JSON_LINES, pieces } };
    },
  });
