import { OAuthError } from '@strongroom/errors/oauth-error';

/** One text for every way in which a client can fail to prove itself. */
export const clientRefused = () => new OAuthError('invalid_client', 'The client id or secret is wrong');

export const apiClientRefused = () => new OAuthError('invalid_grant', 'The API client id or secret is wrong');

/** One text for codes and refresh tokens that are unknown, expired, used, or another client's. */
export const grantRefused = () =>
  new OAuthError('invalid_grant', 'The code or refresh token is not valid, or no longer');

export const missingParameter = (name: string) => new OAuthError('invalid_request', `${name} is missing`);
