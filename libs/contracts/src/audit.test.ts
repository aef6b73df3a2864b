import { expect, test } from '@jest/globals';
import { SERVICE_EVENTS } from './audit-events/any-service.ts';
import { AUTH_EVENTS } from './audit-events/auth.ts';
import { MONITOR_EVENTS } from './audit-events/monitor.ts';
import { SECRETS_MANAGER_EVENTS } from './audit-events/secrets-manager.ts';
import { VAULT_EVENTS } from './audit-events/vault.ts';
import { AUDIT_EVENTS, type AuditEventType } from './audit.ts';

const groups: readonly Readonly<Record<string, AuditEventType>>[] = [
  SERVICE_EVENTS,
  AUTH_EVENTS,
  VAULT_EVENTS,
  SECRETS_MANAGER_EVENTS,
  MONITOR_EVENTS,
];

test('no event hides another, and no two have a code or a name in common', () => {
  const events = groups.flatMap(group => Object.values(group));
  expect(Object.keys(AUDIT_EVENTS)).toHaveLength(events.length);
  expect(new Set(events.map(({ code }) => code)).size).toBe(events.length);
  expect(new Set(events.map(({ name }) => name)).size).toBe(events.length);
});
