import { domainAccount, type AccountKey } from './account-path.ts';
import type { Authored } from './authored.ts';
import type { Checkout } from './checkout.ts';
import type { HeartbeatStatus } from './heartbeat.ts';
import { lower } from './host.ts';
import type { RotationOutcome, Trigger } from './rotation.ts';
import type { AccountState } from './scanned-account.ts';

/** What the directory says of an account, as scans find it or as people say. */
export interface AccountIdentity {
  readonly username: string;
  /** By which the directory knows it, whatever it is called; empty: nobody has said. */
  readonly sourceId: string;
  readonly securityId: string;
  readonly samAccountName: string;
  readonly email: string;
  readonly fullName: string;
  readonly additionalData: Readonly<Record<string, string>>;
}

/** How it is managed. */
export interface ManagedAccountSettings {
  readonly passwordPolicyId: string;
  /** False: it is neither given out nor changed. */
  readonly enabled: boolean;
  /** False: its password is changed by nobody here. */
  readonly rotationEnabled: boolean;
  /** Kept for clients: whoever gets a password here has checked it out. */
  readonly explicitCheckout: boolean;
  /** Kept for clients. */
  readonly disableRdpCertAuth: boolean;
  /** Who may check it out. */
  readonly roles: readonly string[];
  readonly comment: string;
}

/** An account in a target domain whose password is kept, changed and given out (contract 3.5). */
export interface ManagedAccount extends Authored, AccountIdentity, ManagedAccountSettings {
  readonly domainId: string;
}

/** What its password is up to: `UNSETTLED` is which of two it has, `FAILED` that the last change did not come about. */
export const ROTATION_STATES = ['OK', 'ROTATING', 'FAILED', 'UNSETTLED'] as const;
export type RotationState = (typeof ROTATION_STATES)[number];

/** A managed account with what is known of its password. */
export interface ReadManagedAccount extends ManagedAccount {
  readonly domainName: string;
  readonly policyName: string;
  readonly maxConcurrent: number;
  /** `REMOVED`, when the last scan found it no longer. */
  readonly state: Extract<AccountState, 'MANAGED' | 'REMOVED'>;
  readonly rotationState: RotationState;
  readonly lastRotated: Date | null;
  readonly lastError: Date | null;
  readonly lastErrorDetails: string;
  readonly heartbeatStatus: HeartbeatStatus;
  readonly heartbeatDetails: string;
  readonly heartbeatAt: Date | null;
}

/** One that ended. */
export interface PastRotation {
  /** In vault; null: it made none. */
  readonly version: number | null;
  readonly rotated: Date;
  readonly trigger: Trigger;
  readonly outcome: RotationOutcome;
}

export const keyOfManaged = ({
  domainId,
  username,
}: Pick<ManagedAccount, 'domainId' | 'username'>): AccountKey => domainAccount(domainId, username);

/** Since when nobody else gets the account. Undefined: the next who asks does. */
export function lockedSince(active: readonly Checkout[], maxConcurrent: number): Date | undefined {
  const isReleasing = active.some(({ state }) => state === 'releasing');
  if (!isReleasing && active.length < maxConcurrent) return undefined;
  return active.map(({ createdAt }) => createdAt).sort((one, other) => other.getTime() - one.getTime())[0];
}

export const managedSearchText = (account: AccountIdentity & Pick<ManagedAccount, 'comment'>): string =>
  lower(
    [
      account.username,
      account.samAccountName,
      account.email,
      account.fullName,
      account.sourceId,
      account.securityId,
      ...Object.values(account.additionalData),
      account.comment,
    ].join('\n'),
  );
