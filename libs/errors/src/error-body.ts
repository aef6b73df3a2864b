import { AppError, type ErrorKind } from './app-error.ts';

/** The body that PrivX clients read on every status of 400 and above (docs/errors.md). */
export interface ErrorBody {
  error_code: string;
  error_message: string;
  property?: string;
  details?: { error_code: string; error_message: string; property?: string }[];
  request_id?: string;
}

const STATUS: Record<ErrorKind, number> = {
  invalid: 400,
  unauthenticated: 401,
  forbidden: 403,
  not_found: 404,
  conflict: 409,
  precondition_failed: 412,
  too_large: 413,
  rate_limited: 429,
  internal: 500,
  unavailable: 503,
};

export const statusOf = (error: AppError): number => STATUS[error.kind];

export function errorBody(error: AppError, requestId?: string): ErrorBody {
  return {
    error_code: error.code,
    error_message: error.message,
    ...(error.property === undefined ? {} : { property: error.property }),
    ...(error.details.length === 0
      ? {}
      : {
          details: error.details.map(detail => ({
            error_code: detail.code,
            error_message: detail.message,
            ...(detail.property === undefined ? {} : { property: detail.property }),
          })),
        }),
    ...(requestId === undefined ? {} : { request_id: requestId }),
  };
}

/** What is not ours becomes a bare 500: its message may hold anything, so only the log gets the cause. */
export function toAppError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  return new AppError({
    kind: 'internal',
    code: 'GENERAL_ERROR',
    message: 'The server failed to answer this request',
    cause: error,
  });
}

const KIND_OF_STATUS = new Map<number, ErrorKind>(
  Object.entries(STATUS).map(([kind, status]) => [status, kind as ErrorKind]),
);

/** The other direction: another service's answer becomes an AppError, so a not_found two services deep stays one. */
export function fromErrorBody(status: number, body: unknown): AppError {
  const read = (key: string): string | undefined => {
    const value =
      typeof body === 'object' && body !== null ? (body as Record<string, unknown>)[key] : undefined;
    return typeof value === 'string' ? value : undefined;
  };
  return new AppError({
    kind: KIND_OF_STATUS.get(status) ?? (status >= 500 ? 'unavailable' : 'invalid'),
    code: read('error_code') ?? 'INTRA_SERVICE_COMMUNICATION_ERROR',
    message: read('error_message') ?? 'Another service refused the request',
    property: read('property'),
  });
}
