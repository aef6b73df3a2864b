import type { ErrorRequestHandler, RequestHandler } from 'express';
import { AppError } from '@strongroom/errors/app-error';
import { badRequest, NotServedError, tooLarge } from '@strongroom/errors/common-errors';
import { errorBody, statusOf, toAppError } from '@strongroom/errors/error-body';
import { OAuthError } from '@strongroom/errors/oauth-error';
import type { Logger } from '@strongroom/log/logger';
import { dialectAt, type Dialect } from './dialect.ts';
import { requestInfo } from './request-info.ts';

/** The last route: whatever nobody serves. */
export const notFound: RequestHandler = () => {
  throw new NotServedError();
};

/** The one place where an error becomes an answer: in PrivX's shape, or below a dialect's prefix in the dialect's. */
export function renderError(log: Logger, dialects: readonly Dialect[] = []): ErrorRequestHandler {
  return (thrown: unknown, request, response, next) => {
    const { id } = requestInfo(request);
    if (response.headersSent) {
      log.error('an answer broke off', thrown, { requestId: id, method: request.method });
      // The status cannot be taken back; a cut connection is the one sign that the answer is not whole.
      response.destroy();
      next();
      return;
    }
    const error = fromHttpError(thrown) ?? toAppError(thrown);
    if (error.kind === 'internal' || error.kind === 'unavailable') {
      log.error('request failed', thrown, { requestId: id, method: request.method, code: error.code });
    }
    if (error.kind === 'unauthenticated')
      response.setHeader('www-authenticate', error instanceof OAuthError ? 'Basic' : 'Bearer');
    if (error.retryAfterSeconds !== undefined)
      response.setHeader('retry-after', String(error.retryAfterSeconds));
    const { status, body } = dialectAt(dialects, request.path)?.writeError(error) ?? {
      status: statusOf(error),
      body: { ...errorBody(error, id), ...oauthMembers(error) },
    };
    response.status(status).json(body);
  };
}

/** Errors of Express's own parsers carry an HTTP status and a text that may quote input: only the status is kept. */
function fromHttpError(error: unknown): AppError | undefined {
  if (error instanceof AppError || !(error instanceof Error) || !('status' in error)) return undefined;
  if (error.status === 413) return tooLarge('The request body is too large');
  if (typeof error.status === 'number' && error.status >= 400 && error.status < 500) {
    return badRequest('The request cannot be read', error);
  }
  return undefined;
}

/** An OAuth error keeps both shapes in one body (contract 0.5): RFC 6749's members and PrivX's. */
function oauthMembers(error: AppError): Record<string, string> {
  return error instanceof OAuthError ? { error: error.oauthCode, error_description: error.message } : {};
}
