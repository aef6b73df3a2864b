import { v5 as uuidv5 } from 'uuid';
import type { AuditEvent } from './trail.ts';

/** A record with its place in the trail. */
export interface PlacedRecord extends AuditEvent {
  readonly position: number;
  readonly id: string;
}

/** Namespace of the name-based UUIDs (RFC 9562, 5.5) that stand for services. */
const SERVICE_NAMESPACE = '5f0c1b8e-6a57-4d6c-9c39-0d8b1f0f7a11';

export const serviceId = (name: string): string => uuidv5(name, SERVICE_NAMESPACE);

/**
 * A record as one line of JSON: the members of the API's audit event (contract 7), `position` and the record's own
 * `id`, by which a receiver knows one that it has already. No line break in it, none behind it.
 */
export const trailLine = (record: PlacedRecord): string =>
  JSON.stringify({
    position: record.position,
    id: record.id,
    created: record.created.toISOString(),
    service_id: serviceId(record.service),
    service_name: record.service,
    event_id: String(record.code),
    event_name: record.name,
    message: record.message,
  });
