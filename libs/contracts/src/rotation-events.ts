import type { AccountPlace } from './account-place.ts';

/** secrets-manager has a rotation to be carried out by whichever of its replicas has room. */
export const ROTATION_DUE = 'rotation.due';

/** Ids only; what is to be done stands in the database. */
export interface RotationDue {
  readonly rotationId: string;
}

/** Somebody should look: a rotation was given up until its next time, or cannot be settled. */
export const ROTATION_ALARM = 'rotation.alarm';

export type RotationAlarm = AccountPlace & {
  readonly rotationId: string;
  readonly account: string;
  /** `failed`: the password is the one before. `unsettled`: which of two passwords the account has is not known. */
  readonly state: 'failed' | 'unsettled';
  readonly reason: string;
};
