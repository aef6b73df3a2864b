import type { AuditEventType } from './event-type.ts';

/** The trail itself. */
export const MONITOR_EVENTS = {
  auditTrailRead: {
    code: 5301,
    name: 'Audit-trail-read',
    description: 'Audit events were listed or searched',
  },
  auditTrailVerified: {
    code: 5302,
    name: 'Audit-trail-verified',
    description: 'A range of the audit trail was examined for removed and altered records',
  },
  auditTrailPruned: {
    code: 5303,
    name: 'Audit-trail-pruned',
    description: 'A month of audit events was dropped because of its age',
  },
  auditTrailExported: {
    code: 5311,
    name: 'Audit-trail-exported',
    description: 'A part of the audit trail was exported',
  },
  deadLettersRead: {
    code: 5321,
    name: 'Dead-letters-read',
    description: 'Events that their consumer could not deal with were listed',
  },
  deadLettersRequeued: {
    code: 5322,
    name: 'Dead-letters-requeued',
    description: 'Events were given to their consumer again',
  },
  rejectedEventsRead: {
    code: 5323,
    name: 'Rejected-events-read',
    description: 'Events that the audit trail could not take were listed',
  },
  rejectedEventsRetried: {
    code: 5324,
    name: 'Rejected-events-retried',
    description: 'Events that the audit trail could not take were tried again',
  },
} as const satisfies Record<string, AuditEventType>;
