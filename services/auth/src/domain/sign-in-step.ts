import { OAuthError } from '@strongroom/errors/oauth-error';

/**
 * A sign-in that is right so far and not complete. It is told as an error, because that is what clients that know
 * only user name and password can understand (docs/adr/0012-sign-in-steps.md).
 */
export const mfaRequired = (methods: readonly string[]) =>
  new OAuthError('interaction_required', 'A second factor is required', {
    code: 'MFA_REQUIRED',
    details: methods.map(method => ({ code: method.toUpperCase(), message: `A second factor by ${method}` })),
  });

export const mfaSetupRequired = () =>
  new OAuthError('interaction_required', 'A second factor must be set up first', {
    code: 'MFA_SETUP_REQUIRED',
  });

export const passwordChangeRequired = () =>
  new OAuthError('interaction_required', 'The password must be changed first', {
    code: 'PASSWORD_CHANGE_REQUIRED',
  });

export const signInExpired = () =>
  new OAuthError('invalid_request', 'The sign-in has expired or was completed; start again', {
    code: 'SIGN_IN_EXPIRED',
  });

export const secondFactorRefused = () =>
  new OAuthError('invalid_grant', 'The second factor is wrong', { code: 'MFA_FAILED' });

/** The first factor is missing: nobody may try second factors of somebody else. */
export const firstFactorMissing = () =>
  new OAuthError('invalid_request', 'The user name and password come first');

export const notForThisPerson = () =>
  new OAuthError('access_denied', 'This person may not sign in to this application');
