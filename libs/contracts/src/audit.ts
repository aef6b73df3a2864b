import { SERVICE_EVENTS } from './audit-events/any-service.ts';
import { AUTH_EVENTS } from './audit-events/auth.ts';
import { MONITOR_EVENTS } from './audit-events/monitor.ts';
import { SECRETS_MANAGER_EVENTS } from './audit-events/secrets-manager.ts';
import { VAULT_EVENTS } from './audit-events/vault.ts';

export type { AuditEventType } from './audit-events/event-type.ts';

/**
 * The audit events that the platform writes. Codes below 1000 are PrivX's own (contract 7); its codes for
 * vault and secrets-manager are not public, so ours start at 5000 (docs/adr/0006-audit-codes.md).
 */
export const AUDIT_EVENTS = {
  ...SERVICE_EVENTS,
  ...AUTH_EVENTS,
  ...VAULT_EVENTS,
  ...SECRETS_MANAGER_EVENTS,
  ...MONITOR_EVENTS,
} as const;

/** One record of the trail: who did what to which object, when and as part of which request. */
export interface AuditRecord {
  readonly id: string;
  readonly time: string;
  readonly code: number;
  readonly name: string;
  /** Flat text to text (contract 7: Go clients break on anything else). Never holds a secret value. */
  readonly message: Readonly<Record<string, string>>;
}

/** The event `strongroom.<service>.audit.recorded`: the records of one batch or of one transaction. */
export const AUDIT_RECORDED = 'audit.recorded';

export interface AuditRecorded {
  readonly records: readonly AuditRecord[];
}
