/** All that can go wrong with a target, with what people are told. Nothing in here comes from a target. */
const REASONS = {
  unreachable: 'the host cannot be reached',
  'address-refused': 'the host has an address that is never connected to',
  timeout: 'the host did not answer in time',
  aborted: 'the attempt was stopped',
  'connection-lost': 'the connection broke before the host had answered',
  'protocol-error': 'the host speaks another protocol, or none that is accepted',
  'host-key-unknown': 'no key of the host is pinned',
  'host-key-changed': 'the host shows another key than those that are pinned',
  'certificate-refused': 'the server has no TLS, or a certificate that is not trusted',
  'authentication-refused': 'the host refused the sign-in',
  'no-password-sign-in': 'the host does not sign this account in by a password alone',
  'script-failed': 'the script failed',
  'policy-refused': 'the host refused the new password by rules of its own',
  'change-refused': 'the host refused to change the password',
  'account-refused': 'the name of the account cannot be used on a host of this kind',
  'account-unknown': 'the directory has no such account, or several',
  'own-account': 'the account that signs in to change passwords cannot have its own changed by itself',
  'password-refused': 'the new password has characters that cannot be carried safely',
  'plaintext-refused': 'directories are spoken to by LDAPS or STARTTLS only',
  'search-refused': 'the directory refused the search',
  'key-unreadable': 'the private key cannot be read',
  'scan-unsupported': 'accounts of directories of this kind cannot be looked for yet',
  unsupported: 'passwords on hosts of this kind cannot be changed yet',
} as const;

export type Reason = keyof typeof REASONS;

/**
 * Whether the account may have the new password. After `unknown` both candidates must be tried, and the old one is
 * only settled when the deadline of the attempt has passed once more: so long may what was begun go on without us.
 */
export type Outcome = 'unchanged' | 'unknown';

export interface FailureDetails {
  /** A code of the system, the server or the driver, such as ECONNREFUSED or 42501. */
  readonly code?: string | undefined;
  readonly exitStatus?: number | undefined;
  /** The end of what a script wrote, without what may repeat a password. */
  readonly output?: string | undefined;
  /** The target itself said that it did not change the password. */
  readonly isAnswer?: boolean;
}

/** The one error of targets. It is free of passwords and of what a target sent, but for `output`; so it has no cause. */
export class TargetError extends Error {
  override readonly name = 'TargetError';
  readonly reason: Reason;
  readonly outcome: Outcome;
  readonly details: FailureDetails;

  constructor(reason: Reason, details: FailureDetails = {}, outcome: Outcome = 'unchanged') {
    super(REASONS[reason]);
    this.reason = reason;
    this.outcome = outcome;
    this.details = details;
  }
}
