import { isCheckViolation } from '@strongroom/db/database';
import { AppError, hasErrorCode } from '@strongroom/errors/app-error';

/** Ends the start with a message for the operator. */
export class WrongRootKeyError extends Error {
  override readonly name = 'WrongRootKeyError';
  readonly code = 'CONFIGURATION_ERROR';
}

/** A write sealed by a key that was retired meanwhile. `sealing` of the keyring writes again, so callers rarely see it. */
export const keyRetired = (cause?: unknown) =>
  new AppError({
    kind: 'unavailable',
    code: 'KEY_RETIRED',
    message: 'The key-encryption key was changed during the write',
    retryAfterSeconds: 1,
    cause,
  });

/** For the `catch` of statements that write sealed values: the refusal of the table's trigger, by its name. */
export const translateKeyRefusal = (error: unknown): unknown =>
  isCheckViolation(error, 'sealed_by_active_key') ? keyRetired(error) : error;

export const isKeyRetired = (error: unknown): boolean =>
  hasErrorCode(translateKeyRefusal(error), 'KEY_RETIRED');

export const newRootKeyMissing = () =>
  new AppError({
    kind: 'conflict',
    code: 'NEW_ROOT_KEY_MISSING',
    message: 'There is no new root key: give it by STRONGROOM_NEW_ROOT_KEY or its file first',
  });

export const newRootKeyInvalid = () =>
  new AppError({
    kind: 'conflict',
    code: 'NEW_ROOT_KEY_INVALID',
    message: 'The new root key is not 32 bytes in base64url',
  });

/** Another replica changes the keys at the same time. */
export const keysBusy = () =>
  new AppError({
    kind: 'conflict',
    code: 'WRITE_CONFLICT',
    message: 'The keys are being changed by somebody else at the moment',
  });
