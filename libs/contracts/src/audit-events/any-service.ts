import type { AuditEventType } from './event-type.ts';

/** What every service tells of itself. */
export const SERVICE_EVENTS = {
  serviceRunning: {
    code: 11,
    name: 'Service-running',
    description: 'A service has started and takes requests',
  },
  serviceStopped: { code: 12, name: 'Service-stopped', description: 'A service has stopped on request' },
} as const satisfies Record<string, AuditEventType>;
