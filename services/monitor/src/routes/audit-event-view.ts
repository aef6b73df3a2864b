import { Members, Timestamp, Type } from '@strongroom/schema/types';
import type { AuditEvent } from '../domain/trail.ts';
import { serviceId } from '../domain/trail-line.ts';

/** Shape of a record on the wire (contract 7): Go reads the code as text and the message as text to text. */
export const AuditEventView = Members({
  service_id: Type.String({ description: 'The same for all replicas of a service, in every installation' }),
  service_name: Type.String(),
  event_id: Type.String({ description: 'The code, as text' }),
  event_name: Type.String(),
  created: Timestamp,
  message: Type.Record(Type.String(), Type.String()),
});

export const auditEventView = (event: AuditEvent) => ({
  service_id: serviceId(event.service),
  service_name: event.service,
  event_id: String(event.code),
  event_name: event.name,
  created: event.created.toISOString(),
  message: event.message,
});
