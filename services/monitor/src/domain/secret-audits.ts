import { AUDIT_EVENTS } from '@strongroom/contracts/audit';
import type { AuditEvent } from './trail.ts';

/**
 * The acts that are shown of a secret, in Secret Server's words where it has one. Looks at its properties are not among
 * them: reading the audits is one, and a list that grows with every page read has no second page.
 */
export const ACTIONS: ReadonlyMap<number, string> = new Map([
  [AUDIT_EVENTS.secretCreated.code, 'CREATE'],
  [AUDIT_EVENTS.secretRead.code, 'VIEW'],
  [AUDIT_EVENTS.secretUpdated.code, 'UPDATE'],
  [AUDIT_EVENTS.secretMoved.code, 'MOVE'],
  [AUDIT_EVENTS.secretExpiring.code, 'EXPIRES SOON'],
  [AUDIT_EVENTS.fileStored.code, 'UPLOAD FILE'],
  [AUDIT_EVENTS.fileRead.code, 'DOWNLOAD FILE'],
  [AUDIT_EVENTS.fileRemoved.code, 'DELETE FILE'],
  [AUDIT_EVENTS.versionsDeleted.code, 'DELETE'],
  [AUDIT_EVENTS.versionsUndeleted.code, 'UNDELETE'],
  [AUDIT_EVENTS.versionsDestroyed.code, 'DESTROY VERSIONS'],
  [AUDIT_EVENTS.versioningModified.code, 'CHANGE VERSIONING'],
]);

/** Which part of the records of a secret to read. */
export interface SecretAuditsPage {
  readonly offset: number;
  readonly limit: number;
  readonly descending: boolean;
}

/** A record of a secret, with its place in the trail. */
export interface SecretAudit extends AuditEvent {
  readonly position: number;
}
