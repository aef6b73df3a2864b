import type { AuditEventType } from './event-type.ts';

/** Hosts, policies, rotations and checkouts. */
export const SECRETS_MANAGER_EVENTS = {
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
  targetDomainAdded: {
    code: 5271,
    name: 'Target-domain-added',
    description: 'A target domain was created',
  },
  targetDomainModified: {
    code: 5272,
    name: 'Target-domain-modified',
    description: 'A target domain was changed',
  },
  targetDomainRemoved: {
    code: 5273,
    name: 'Target-domain-removed',
    description: 'A target domain was deleted',
  },
  scanRequested: {
    code: 5274,
    name: 'Scan-requested',
    description: 'Somebody asked for the accounts of a target domain to be looked for',
  },
  scanCompleted: {
    code: 5275,
    name: 'Scan-completed',
    description: 'All accounts of a target domain were looked for',
  },
  scanFailed: {
    code: 5276,
    name: 'Scan-failed',
    description: 'The accounts of a target domain could not be looked for; those that are known stay',
  },
  scannedAccountModified: {
    code: 5277,
    name: 'Scanned-account-modified',
    description: 'It was changed what people say of an account that a scan found',
  },
  managedAccountAdded: {
    code: 5281,
    name: 'Managed-account-added',
    description: 'An account of a target domain is managed from now on',
  },
  managedAccountModified: {
    code: 5282,
    name: 'Managed-account-modified',
    description: 'It was changed how an account of a target domain is managed',
  },
  managedAccountRemoved: {
    code: 5283,
    name: 'Managed-account-removed',
    description: 'An account of a target domain is managed no longer; what vault keeps of it stays',
  },
} as const satisfies Record<string, AuditEventType>;
