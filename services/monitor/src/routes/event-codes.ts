import { AUDIT_EVENTS } from '@strongroom/contracts/audit';
import { ok, route, withPermission, type Route } from '@strongroom/http/route';
import { Members, Type } from '@strongroom/schema/types';

const EventCode = Members({
  // A number here and text in the events: Go's SDK breaks on anything else (contract 7).
  event_id: Type.Integer(),
  event_name: Type.String(),
  event_desc: Type.String(),
});

const codes = Object.fromEntries(
  Object.values(AUDIT_EVENTS).map(({ code, name, description }) => [
    String(code),
    { event_id: code, event_name: name, event_desc: description },
  ]),
);

export const eventCodeRoute: Route = route({
  method: 'get',
  path: '/monitor-service/api/v1/auditevents/codes',
  operationId: 'listAuditEventCodes',
  tag: 'audit events',
  summary: 'What each code of an audit event means',
  access: withPermission('logs-view', 'logs-manage'),
  response: Type.Record(Type.String(), EventCode),
  handle: () => ok(codes),
});
