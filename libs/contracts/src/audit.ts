/**
 * The audit events that the platform writes. Codes below 1000 are PrivX's own (contract 7); its codes for
 * vault and secrets-manager are not public, so ours start at 5000 (docs/adr/0006-audit-codes.md).
 */
export const AUDIT_EVENTS = {
  serviceRunning: {
    code: 11,
    name: 'Service-running',
    description: 'A service has started and takes requests',
  },
  serviceStopped: { code: 12, name: 'Service-stopped', description: 'A service has stopped on request' },
  accessTokenGranted: { code: 106, name: 'Access-token-granted', description: 'An access token was issued' },
  clientAuthenticationFailed: {
    code: 122,
    name: 'OAuth-client-authentication-failed',
    description: 'A token was refused because the client or its credentials are wrong',
  },
  roleAdded: { code: 201, name: 'Role-added', description: 'A role was created' },
  roleModified: { code: 202, name: 'Role-modified', description: 'A role was changed' },
  roleRemoved: { code: 203, name: 'Role-removed', description: 'A role was deleted' },
  apiClientAdded: { code: 5001, name: 'API-client-added', description: 'An API client was created' },
  apiClientModified: { code: 5002, name: 'API-client-modified', description: 'An API client was changed' },
  apiClientRemoved: { code: 5003, name: 'API-client-removed', description: 'An API client was deleted' },
  apiClientSecretsRead: {
    code: 5004,
    name: 'API-client-secrets-read',
    description: 'The secrets of API clients were read',
  },
  secretCreated: { code: 5101, name: 'Secret-created', description: 'A secret was created' },
  secretRead: { code: 5102, name: 'Secret-read', description: 'The content of a secret was read' },
  secretUpdated: {
    code: 5103,
    name: 'Secret-updated',
    description: 'A secret got a new version or other roles',
  },
  secretDeleted: {
    code: 5104,
    name: 'Secret-deleted',
    description: 'A secret and its versions were deleted',
  },
  secretMetadataRead: {
    code: 5105,
    name: 'Secret-metadata-read',
    description: 'The metadata of a secret was read',
  },
  secretsListed: { code: 5106, name: 'Secrets-listed', description: 'Secrets were listed or searched' },
  secretAccessDenied: {
    code: 5107,
    name: 'Secret-access-denied',
    description: 'An act on a secret was refused',
  },
  passwordPolicyAdded: {
    code: 5201,
    name: 'Password-policy-added',
    description: 'A password policy was created',
  },
  passwordPolicyModified: {
    code: 5202,
    name: 'Password-policy-modified',
    description: 'A password policy was changed',
  },
  passwordPolicyRemoved: {
    code: 5203,
    name: 'Password-policy-removed',
    description: 'A password policy was deleted',
  },
  passwordGenerated: {
    code: 5204,
    name: 'Password-generated',
    description: 'A password was made by a policy',
  },
  scriptTemplateAdded: {
    code: 5211,
    name: 'Script-template-added',
    description: 'A script template was created',
  },
  scriptTemplateModified: {
    code: 5212,
    name: 'Script-template-modified',
    description: 'A script template was changed',
  },
  scriptTemplateRemoved: {
    code: 5213,
    name: 'Script-template-removed',
    description: 'A script template was deleted',
  },
  auditTrailRead: {
    code: 5301,
    name: 'Audit-trail-read',
    description: 'Audit events were listed or searched',
  },
} as const satisfies Record<string, AuditEventType>;

export interface AuditEventType {
  readonly code: number;
  readonly name: string;
  readonly description: string;
}

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
