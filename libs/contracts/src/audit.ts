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
  userLoggedIn: { code: 100, name: 'User-logged-in', description: 'A person has signed in' },
  userLoggedOut: { code: 101, name: 'User-logged-out', description: 'A session was ended by its owner' },
  userLoginFailed: { code: 102, name: 'User-login-failed', description: 'A sign-in was refused' },
  mfaSucceeded: { code: 103, name: 'MFA-succeeded', description: 'A second factor was accepted' },
  mfaFailed: { code: 104, name: 'MFA-failed', description: 'A second factor was refused' },
  mfaChanged: {
    code: 105,
    name: 'MFA-changed',
    description: 'A second factor was enabled, disabled, added, removed or reset',
  },
  accessTokenGranted: { code: 106, name: 'Access-token-granted', description: 'An access token was issued' },
  tokenRefreshed: { code: 110, name: 'Token-refreshed', description: 'An access token was renewed' },
  tokenRefreshFailed: {
    code: 111,
    name: 'Token-refresh-failed',
    description: 'A refresh token was refused; when one is used twice, its session ends',
  },
  clientAuthenticationFailed: {
    code: 122,
    name: 'OAuth-client-authentication-failed',
    description: 'A token was refused because the client or its credentials are wrong',
  },
  signInLimited: {
    code: 130,
    name: 'Rate-limit-exceeded',
    description: 'A sign-in was refused because of too many failed ones before',
  },
  roleAdded: { code: 201, name: 'Role-added', description: 'A role was created' },
  roleModified: { code: 202, name: 'Role-modified', description: 'A role was changed' },
  roleRemoved: { code: 203, name: 'Role-removed', description: 'A role was deleted' },
  directoryAdded: { code: 210, name: 'Directory-added', description: 'A source of users was created' },
  directoryModified: { code: 211, name: 'Directory-modified', description: 'A source of users was changed' },
  directoryRemoved: { code: 212, name: 'Directory-removed', description: 'A source of users was deleted' },
  directoryRead: {
    code: 5005,
    name: 'Directory-read',
    description: 'A source was read with the secrets of its connection',
  },
  userRolesModified: {
    code: 220,
    name: 'User-roles-modified',
    description: 'The roles of a person were changed',
  },
  roleContextRestricted: {
    code: 250,
    name: 'Role-context-restricted',
    description: 'A role was withheld at sign-in because of its limits in time or address',
  },
  authorizedKeyAdded: {
    code: 260,
    name: 'Authorized-key-added',
    description: 'A public key of a person was added',
  },
  authorizedKeyModified: {
    code: 261,
    name: 'Authorized-key-modified',
    description: 'A public key of a person was changed',
  },
  authorizedKeyRemoved: {
    code: 262,
    name: 'Authorized-key-removed',
    description: 'A public key of a person was removed',
  },
  apiClientAdded: { code: 5001, name: 'API-client-added', description: 'An API client was created' },
  apiClientModified: { code: 5002, name: 'API-client-modified', description: 'An API client was changed' },
  apiClientRemoved: { code: 5003, name: 'API-client-removed', description: 'An API client was deleted' },
  apiClientSecretsRead: {
    code: 5004,
    name: 'API-client-secrets-read',
    description: 'The secrets of API clients were read',
  },
  apiKeyAdded: { code: 5006, name: 'API-key-added', description: 'An API key was made' },
  apiKeyRotated: {
    code: 5007,
    name: 'API-key-rotated',
    description: 'An API key was replaced, and the sessions that it opened ended',
  },
  apiKeyRemoved: {
    code: 5008,
    name: 'API-key-removed',
    description: 'An API key was revoked, and the sessions that it opened ended',
  },
  apiKeyRefused: { code: 5009, name: 'API-key-refused', description: 'A sign-in by an API key was refused' },
  userAdded: { code: 5011, name: 'User-added', description: 'A local user was created' },
  userModified: { code: 5012, name: 'User-modified', description: 'A local user was changed' },
  userRemoved: { code: 5013, name: 'User-removed', description: 'A local user was deleted' },
  passwordChanged: {
    code: 5014,
    name: 'Password-changed',
    description: 'The password of a person was changed',
  },
  passwordResetStarted: {
    code: 5015,
    name: 'Password-reset-started',
    description: 'An administrator made a one-time token by which a person sets a new password',
  },
  userSettingsModified: {
    code: 5016,
    name: 'User-settings-modified',
    description: 'The settings of a person were changed',
  },
  principalKeyAdded: {
    code: 5021,
    name: 'Principal-key-added',
    description: 'A key pair of a role was generated or imported',
  },
  principalKeyRemoved: {
    code: 5022,
    name: 'Principal-key-removed',
    description: 'A key pair of a role was deleted',
  },
  trustedClientAdded: {
    code: 5031,
    name: 'Trusted-client-added',
    description: 'A trusted client was created',
  },
  trustedClientModified: {
    code: 5032,
    name: 'Trusted-client-modified',
    description: 'A trusted client was changed',
  },
  trustedClientRemoved: {
    code: 5033,
    name: 'Trusted-client-removed',
    description: 'A trusted client was deleted',
  },
  trustedClientSecretsRead: {
    code: 5034,
    name: 'Trusted-client-secrets-read',
    description: 'The secrets of trusted clients were read',
  },
  idpClientAdded: { code: 5041, name: 'IdP-client-added', description: 'An application was registered' },
  idpClientModified: { code: 5042, name: 'IdP-client-modified', description: 'An application was changed' },
  idpClientRemoved: { code: 5043, name: 'IdP-client-removed', description: 'An application was removed' },
  idpClientSecretRead: {
    code: 5044,
    name: 'IdP-client-secret-read',
    description: 'The secret of an application was read or made anew',
  },
  identityProviderAdded: {
    code: 5051,
    name: 'Identity-provider-added',
    description: 'An identity provider was created',
  },
  identityProviderModified: {
    code: 5052,
    name: 'Identity-provider-modified',
    description: 'An identity provider was changed',
  },
  identityProviderRemoved: {
    code: 5053,
    name: 'Identity-provider-removed',
    description: 'An identity provider was deleted',
  },
  sessionEnded: { code: 5061, name: 'Session-ended', description: 'Sessions were ended' },
  tokenIntrospected: {
    code: 5062,
    name: 'Token-introspected',
    description: 'A token was looked up by a client',
  },
  tokenRevoked: { code: 5063, name: 'Token-revoked', description: 'A token was revoked by its client' },
  signingKeyAdded: {
    code: 5071,
    name: 'Signing-key-added',
    description: 'A key was made that will sign tokens',
  },
  authKeysRead: {
    code: 5081,
    name: 'Auth-keys-read',
    description: 'The key-encryption keys of auth and what is under them were looked at',
  },
  authKeyRotationStarted: {
    code: 5082,
    name: 'Auth-key-rotation-started',
    description: 'A new key-encryption key of auth was made, and the one before retired',
  },
  authKeyRotationFinished: {
    code: 5083,
    name: 'Auth-key-rotation-finished',
    description: 'No value of auth needs the old key-encryption key any more; it was deleted',
  },
  authRootKeyChanged: {
    code: 5084,
    name: 'Auth-root-key-changed',
    description: 'The key-encryption keys of auth were wrapped by another root key',
  },
  sdkClientRuleAdded: {
    code: 5091,
    name: 'SDK-client-rule-added',
    description: 'A rule by which machines register themselves was created',
  },
  sdkClientRuleModified: {
    code: 5092,
    name: 'SDK-client-rule-modified',
    description: 'A rule by which machines register themselves was changed',
  },
  sdkClientRuleRemoved: {
    code: 5093,
    name: 'SDK-client-rule-removed',
    description: 'A rule was deleted, and with it the machines that registered by it',
  },
  onboardingKeyMade: {
    code: 5094,
    name: 'Onboarding-key-made',
    description: 'The key by which machines register themselves was made and shown',
  },
  sdkClientRegistered: {
    code: 5095,
    name: 'SDK-client-registered',
    description: 'A machine registered itself',
  },
  sdkClientRefused: {
    code: 5096,
    name: 'SDK-client-refused',
    description: 'A machine was refused, when it registered itself or asked for a token',
  },
  sdkClientModified: {
    code: 5097,
    name: 'SDK-client-modified',
    description: 'What a registered machine is called was changed',
  },
  sdkClientRevoked: {
    code: 5098,
    name: 'SDK-client-revoked',
    description: 'A registered machine lost its access',
  },
  sdkClientsSwitched: {
    code: 5099,
    name: 'SDK-clients-switched',
    description: 'The access of all registered machines was turned on or off',
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
  vaultKeysRead: {
    code: 5111,
    name: 'Vault-keys-read',
    description: 'The key-encryption keys of vault and what is under them were looked at',
  },
  vaultKeyRotationStarted: {
    code: 5112,
    name: 'Vault-key-rotation-started',
    description: 'A new key-encryption key of vault was made, and the one before retired',
  },
  vaultKeyRotationFinished: {
    code: 5113,
    name: 'Vault-key-rotation-finished',
    description: 'No value of vault needs the old key-encryption key any more; it was deleted',
  },
  vaultRootKeyChanged: {
    code: 5114,
    name: 'Vault-root-key-changed',
    description: 'The key-encryption keys of vault were wrapped by another root key',
  },
  secretExpiring: {
    code: 5108,
    name: 'Secret-expiring',
    description: 'A secret reaches its date of expiry soon',
  },
  fileStored: { code: 5121, name: 'File-stored', description: 'A secret got a version with a new file' },
  fileRead: { code: 5122, name: 'File-read', description: 'A file of a secret was read' },
  fileRemoved: {
    code: 5123,
    name: 'File-removed',
    description: 'A secret got a version without a file that it had',
  },
  requestRepeated: {
    code: 5131,
    name: 'Request-repeated',
    description: 'A request was answered as an earlier one with the same idempotency key',
  },
  folderCreated: { code: 5141, name: 'Folder-created', description: 'A folder of secrets was created' },
  folderChanged: {
    code: 5142,
    name: 'Folder-changed',
    description: 'It was changed who may read and write in a folder of secrets',
  },
  folderMoved: {
    code: 5143,
    name: 'Folder-moved',
    description: 'A folder got another path, and everything below it moved with it',
  },
  folderDeleted: { code: 5144, name: 'Folder-deleted', description: 'An empty folder was deleted' },
  secretMoved: { code: 5145, name: 'Secret-moved', description: 'A secret got another name' },
  folderRead: { code: 5146, name: 'Folder-read', description: 'The properties of a folder were read' },
  foldersListed: { code: 5147, name: 'Folders-listed', description: 'Folders were listed' },
  folderAccessDenied: {
    code: 5148,
    name: 'Folder-access-denied',
    description: 'An act on a folder was refused',
  },
  versionsDeleted: {
    code: 5151,
    name: 'Secret-versions-deleted',
    description: 'Versions of a secret were deleted, and can be undeleted',
  },
  versionsUndeleted: {
    code: 5152,
    name: 'Secret-versions-undeleted',
    description: 'Deleted versions of a secret were made readable again',
  },
  versionsDestroyed: {
    code: 5153,
    name: 'Secret-versions-destroyed',
    description: 'The content of versions of a secret was destroyed for good',
  },
  versioningModified: {
    code: 5154,
    name: 'Secret-versioning-modified',
    description: 'How many versions of a secret stay, for how long, or how they are written was changed',
  },
  schemaCreated: { code: 5161, name: 'Schema-created', description: 'A schema of secrets was created' },
  schemaChanged: { code: 5162, name: 'Schema-changed', description: 'A schema of secrets was changed' },
  schemaDeleted: { code: 5163, name: 'Schema-deleted', description: 'A schema of secrets was deleted' },
  fieldPasswordGenerated: {
    code: 5164,
    name: 'Field-password-generated',
    description: 'A password was made for a field of a schema, and kept nowhere',
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
  hostAdded: {
    code: 5221,
    name: 'Host-added',
    description: 'A host was created',
  },
  hostModified: {
    code: 5222,
    name: 'Host-modified',
    description: 'A host was changed',
  },
  hostRemoved: {
    code: 5223,
    name: 'Host-removed',
    description: 'A host was deleted',
  },
  hostDisabled: {
    code: 5224,
    name: 'Host-disabled',
    description: 'A host was disabled',
  },
  hostEnabled: {
    code: 5225,
    name: 'Host-enabled',
    description: 'A host was enabled',
  },
  hostMadeDeployable: {
    code: 5226,
    name: 'Host-made-deployable',
    description: 'A host may replace itself by a deployment',
  },
  hostMadeUndeployable: {
    code: 5227,
    name: 'Host-made-undeployable',
    description: 'A host may no longer replace itself by a deployment',
  },
  hostSecretStored: {
    code: 5228,
    name: 'Host-secret-stored',
    description: 'It was stored how passwords on a host are changed',
  },
  hostSecretRemoved: {
    code: 5229,
    name: 'Host-secret-removed',
    description: 'It was deleted how passwords on a host are changed',
  },
  whitelistAdded: {
    code: 5231,
    name: 'Whitelist-added',
    description: 'A whitelist of commands was created',
  },
  whitelistModified: {
    code: 5232,
    name: 'Whitelist-modified',
    description: 'A whitelist of commands was changed',
  },
  whitelistRemoved: {
    code: 5233,
    name: 'Whitelist-removed',
    description: 'A whitelist of commands was deleted',
  },
  secretsManagerKeysRead: {
    code: 5234,
    name: 'Secrets-manager-keys-read',
    description: 'The key-encryption keys of secrets-manager and what is under them were looked at',
  },
  secretsManagerKeyRotationStarted: {
    code: 5235,
    name: 'Secrets-manager-key-rotation-started',
    description: 'A new key-encryption key of secrets-manager was made, and the one before retired',
  },
  secretsManagerKeyRotationFinished: {
    code: 5236,
    name: 'Secrets-manager-key-rotation-finished',
    description: 'No value of secrets-manager needs the old key-encryption key any more; it was deleted',
  },
  secretsManagerRootKeyChanged: {
    code: 5237,
    name: 'Secrets-manager-root-key-changed',
    description: 'The key-encryption keys of secrets-manager were wrapped by another root key',
  },
  rotationRequested: {
    code: 5241,
    name: 'Rotation-requested',
    description: 'Somebody asked for the password of an account to be changed',
  },
  rotationStarted: {
    code: 5242,
    name: 'Rotation-started',
    description: 'A candidate is stored, and the host is about to be told it',
  },
  rotationSucceeded: {
    code: 5243,
    name: 'Rotation-succeeded',
    description: 'An account has a new password, which is its newest version in vault',
  },
  rotationAttemptFailed: {
    code: 5244,
    name: 'Rotation-attempt-failed',
    description: 'The password of an account is the one before; it is tried again',
  },
  rotationFailed: {
    code: 5245,
    name: 'Rotation-failed',
    description: 'The password of an account is the one before; it is tried again at its next time',
  },
  rotationUnsettled: {
    code: 5246,
    name: 'Rotation-unsettled',
    description: 'Which of two passwords an account has is not known; both are kept and tried again',
  },
  rotationCancelled: {
    code: 5247,
    name: 'Rotation-cancelled',
    description:
      'Nothing was touched, because the account is to be rotated no longer or its host is disabled',
  },
  accountPasswordStored: {
    code: 5248,
    name: 'Account-password-stored',
    description: 'Somebody told the password that an account has; the host was not touched',
  },
  hostKeyTrusted: {
    code: 5251,
    name: 'Host-key-trusted',
    description: 'A host was met for the first time, and its key is trusted from then on',
  },
  hostKeyRefused: {
    code: 5252,
    name: 'Host-key-refused',
    description: 'A host showed another key than those that are pinned, and was told nothing',
  },
  heartbeatMade: {
    code: 5253,
    name: 'Heartbeat-made',
    description: 'Somebody had it looked at whether the stored password opens an account',
  },
  heartbeatRefused: {
    code: 5254,
    name: 'Heartbeat-refused',
    description: 'The stored password of an account no longer opens it',
  },
  accountCheckedOut: {
    code: 5261,
    name: 'Account-checked-out',
    description: 'Somebody got an account on a host for a time',
  },
  checkoutExtended: {
    code: 5262,
    name: 'Checkout-extended',
    description: 'Somebody who has an account got it for longer',
  },
  checkoutReleased: {
    code: 5263,
    name: 'Checkout-released',
    description: 'An account was given back by who had it',
  },
  checkoutTakenAway: {
    code: 5264,
    name: 'Checkout-released-by-force',
    description: 'An account was taken away from who had it',
  },
  checkoutExpired: {
    code: 5265,
    name: 'Checkout-expired',
    description: 'The time was over for which somebody had an account',
  },
  checkedOutSecretRead: {
    code: 5266,
    name: 'Checked-out-secret-read',
    description: 'Passwords of an account were shown to who has it',
  },
  checkoutRotationFailed: {
    code: 5267,
    name: 'Checkout-rotation-failed',
    description:
      'The password of an account that was given back could not be changed; nobody else gets the account',
  },
  checkoutCompleted: {
    code: 5268,
    name: 'Checkout-completed',
    description: 'An account that was given back is free again',
  },
  checkoutRefused: {
    code: 5269,
    name: 'Checkout-refused',
    description: 'An account was refused: the caller may not use it, or it is in use',
  },
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
