import type { AppError } from './app-error.ts';
import { statusOf } from './error-body.ts';

/** How errors are written to clients of Secrets Safe (contracts/secrets-safe.md 1.4): none reads the body, all print it. */
export interface SecretsSafeAnswer {
  readonly status: number;
  readonly body: { readonly error: string };
}

/** Every limit is 400 there, also that of a file. */
export const secretsSafeError = (error: AppError): SecretsSafeAnswer =>
  secretsSafeRefusal(error.kind === 'too_large' ? 400 : statusOf(error), error.message);

export const secretsSafeRefusal = (status: number, message: string): SecretsSafeAnswer => ({
  status,
  body: { error: message },
});
