import type { AppError } from './app-error.ts';
import { NotServedError } from './common-errors.ts';
import { statusOf } from './error-body.ts';
import { OAuthError } from './oauth-error.ts';

/** How errors are written to clients of Secret Server (contracts/secret-server.md 1.3, 1.4; docs/adr/0035-dialects.md). */
export interface SecretServerAnswer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

/**
 * One answer for what is not there and what the caller has no right to. Clients tell it by the code, by its status or by
 * either of these words.
 */
const ACCESS_DENIED: SecretServerAnswer = {
  status: 404,
  body: {
    message: 'Access Denied: the object was not found, or you have no right to it',
    errorCode: 'API_AccessDenied',
  },
};

/** Says no more than the error itself does, in the members that the clients read. */
export function secretServerError(error: AppError): SecretServerAnswer {
  if (error instanceof NotServedError) return { status: 404, body: { message: error.message } };
  // The token endpoint: 400 whatever it is, and a text (contract 3).
  if (error instanceof OAuthError) return { status: 400, body: { error: error.message } };
  switch (error.kind) {
    case 'not_found':
    case 'forbidden':
      return ACCESS_DENIED;
    case 'invalid':
    case 'conflict':
    case 'precondition_failed':
    case 'too_large':
      return {
        status: 400,
        body: { message: error.message, errorCode: errorCode(error.code), ...modelState(error) },
      };
    case 'unauthenticated':
    case 'rate_limited':
    case 'internal':
    case 'unavailable':
      return secretServerRefusal(statusOf(error), error.message);
  }
}

/** What is answered before anybody looks at the request's meaning: limits, faults, nobody there. */
export const secretServerRefusal = (status: number, message: string): SecretServerAnswer => ({
  status,
  body: status < 500 ? { message } : { message, exceptionMessage: '', exceptionType: '', stackTrace: '' },
});

/** `VALUE_DUPLICATE` as `API_ValueDuplicate`. */
const errorCode = (code: string): string =>
  `API_${code.toLowerCase().replace(/(?:^|_)(\w)/g, (_match, first: string) => first.toUpperCase())}`;

function modelState({ details }: AppError): { modelState?: Record<string, string[]> } {
  const faults = details.flatMap(({ property, message }) =>
    property === undefined ? [] : [[property, [message]] as [string, string[]]],
  );
  return faults.length === 0 ? {} : { modelState: Object.fromEntries(faults) };
}
