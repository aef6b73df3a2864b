import type { Transaction } from '@strongroom/db/database';
import type { AccountKey } from './account-path.ts';

/** Why a password is changed: its time has come, somebody asked, or somebody who knew it gave it back. */
export type Trigger = 'schedule' | 'request' | 'release';

/**
 * `preparing`: the candidate is made and stored; the host is untouched. From `setting` to `settling` the account may have
 * either password. `promoting`: it has the new one, which is yet to become the newest version in vault.
 */
export type Step = 'waiting' | 'preparing' | 'setting' | 'proving' | 'settling' | 'promoting';

/** `cancelled`: nothing was touched, because the account is to be rotated no longer. */
export type RotationOutcome = 'succeeded' | 'failed' | 'cancelled';

/** A rotation that this replica has claimed. */
export interface Rotation extends AccountKey {
  readonly id: string;
  readonly trigger: Trigger;
  readonly requestedBy: string;
  readonly step: Step;
  readonly failures: number;
  readonly postponements: number;
  readonly fence: number;
  readonly candidateVersion: number | null;
  readonly alarmRaised: boolean;
}

export interface FinishedRotation extends AccountKey {
  readonly id: string;
  readonly trigger: Trigger;
  readonly outcome: RotationOutcome;
  /** Whoever learnt the password before then does not know the one that a success has set. */
  readonly requestedAt: Date;
  /** Why it failed; empty: it did not. */
  readonly reason: string;
}

/** Runs in the transaction that finishes a rotation: both commit or neither. */
export type OnRotationFinished = (tx: Transaction, finished: FinishedRotation) => Promise<void>;
