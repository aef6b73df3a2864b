/**
 * The one error class of the platform. Operations throw it; the HTTP layer turns its kind into a status
 * and its public members into a body (error-body.ts). Anything else that is thrown is a bare 500.
 */
export type ErrorKind =
  | 'invalid'
  | 'unauthenticated'
  | 'forbidden'
  | 'not_found'
  | 'conflict'
  | 'precondition_failed'
  | 'too_large'
  | 'rate_limited'
  | 'unavailable'
  | 'internal';

/** One broken field. `property` is a path such as `read_roles.0.id`; values never appear in messages. */
export interface ErrorDetail {
  code: string;
  message: string;
  property?: string;
}

export interface AppErrorOptions {
  kind: ErrorKind;
  /** Stable, upper snake case, listed in docs/errors.md. */
  code: string;
  /** For the caller's eyes: must not hold secret material, ids or any input (see docs/errors.md). */
  message: string;
  property?: string | undefined;
  details?: readonly ErrorDetail[];
  /** Seconds after which a retry makes sense (rate_limited, unavailable). */
  retryAfterSeconds?: number;
  cause?: unknown;
}

export class AppError extends Error {
  override readonly name = 'AppError';
  readonly kind: ErrorKind;
  readonly code: string;
  readonly property: string | undefined;
  readonly details: readonly ErrorDetail[];
  readonly retryAfterSeconds: number | undefined;

  constructor(options: AppErrorOptions) {
    super(options.message, options.cause === undefined ? undefined : { cause: options.cause });
    this.kind = options.kind;
    this.code = options.code;
    this.property = options.property;
    this.details = options.details ?? [];
    this.retryAfterSeconds = options.retryAfterSeconds;
  }
}

/** Codes compare across package and process borders; classes do not. */
export function hasErrorCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
