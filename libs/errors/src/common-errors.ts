import { AppError, type ErrorDetail } from './app-error.ts';

/** Errors that every service raises. A service's own errors sit in its `domain/errors.ts`. */

export const objectNotFound = (what: string) =>
  new AppError({ kind: 'not_found', code: 'OBJECT_NOT_FOUND', message: `${what} not found` });

/** No route has this path; all other things that are not found are objects. */
export class NotServedError extends AppError {
  constructor() {
    super({ kind: 'not_found', code: 'OBJECT_NOT_FOUND', message: 'Resource not found' });
  }
}

export const permissionDenied = (message = 'The caller lacks the permission that this call needs') =>
  new AppError({ kind: 'forbidden', code: 'PERMISSION_DENIED', message });

export const unauthenticated = (message = 'A valid access token is required', cause?: unknown) =>
  new AppError({ kind: 'unauthenticated', code: 'UNAUTHENTICATED', message, cause });

export const badRequest = (message: string, cause?: unknown) =>
  new AppError({ kind: 'invalid', code: 'BAD_REQUEST', message, cause });

export const tooManyRequests = (message: string, retryAfterSeconds: number) =>
  new AppError({ kind: 'rate_limited', code: 'MAX_LOAD', message, retryAfterSeconds });

export const tooLarge = (message: string, property?: string) =>
  new AppError({ kind: 'too_large', code: 'OUT_OF_RESOURCES', message, property });

export const duplicateValue = (property: string, what: string) =>
  new AppError({
    kind: 'conflict',
    code: 'VALUE_DUPLICATE',
    message: `A ${what} with this ${property} exists already`,
    property,
  });

/** One or several broken fields; the first also stands at the top, where older clients look. */
export function invalidFields(details: readonly [ErrorDetail, ...ErrorDetail[]]): AppError {
  const [first] = details;
  return new AppError({
    kind: 'invalid',
    code: first.code,
    message: first.message,
    property: first.property,
    details,
  });
}

export const invalidField = (property: string, message: string, code = 'INVALID_REQUEST_DATA') =>
  invalidFields([{ code, message, property }]);
