import { AppError } from '@strongroom/errors/app-error';

/** One error for every failed decryption: which check failed is nobody's business. */
export const decryptionFailed = (cause?: unknown) =>
  new AppError({
    kind: 'internal',
    code: 'DECRYPTION_FAILED',
    message: 'A stored value could not be opened',
    cause,
  });
