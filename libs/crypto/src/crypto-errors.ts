import { AppError } from '@strongroom/errors/app-error';

/** One error for every failed decryption: which check failed is nobody's business. */
export const decryptionFailed = (cause?: unknown) =>
  new AppError({
    kind: 'internal',
    code: 'DECRYPTION_FAILED',
    message: 'A stored value could not be opened',
    cause,
  });

/** More passwords wait to be hashed than may: better refused at once than answered too late. */
export const passwordHashingBusy = () =>
  new AppError({
    kind: 'unavailable',
    code: 'MAX_LOAD',
    message: 'Too many people sign in at the moment',
    retryAfterSeconds: 1,
  });
