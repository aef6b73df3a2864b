import { AppError } from '@strongroom/errors/app-error';

export const brokerAway = (cause?: unknown) =>
  new AppError({
    kind: 'unavailable',
    code: 'BROKER_UNAVAILABLE',
    message: 'The message broker cannot be reached at the moment',
    retryAfterSeconds: 1,
    cause,
  });
