import { AppError, type ErrorDetail } from './app-error.ts';

export type OAuthErrorCode =
  | 'invalid_request'
  | 'invalid_client'
  | 'invalid_grant'
  | 'unauthorized_client'
  | 'unsupported_grant_type'
  | 'unsupported_response_type'
  | 'unsupported_token_type'
  | 'access_denied'
  | 'login_required'
  | 'interaction_required'
  | 'invalid_scope';

/** RFC 6749, 5.2. `invalid_client` is 401, all others 400. */
export class OAuthError extends AppError {
  readonly oauthCode: OAuthErrorCode;

  /** `code` is PrivX's vocabulary, where it says more than RFC 6749's. */
  constructor(
    oauthCode: OAuthErrorCode,
    message: string,
    options: { code?: string; details?: readonly ErrorDetail[] } = {},
  ) {
    super({
      kind: oauthCode === 'invalid_client' ? 'unauthenticated' : 'invalid',
      code: options.code ?? oauthCode.toUpperCase(),
      message,
      details: options.details ?? [],
    });
    this.oauthCode = oauthCode;
  }
}
