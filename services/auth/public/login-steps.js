/**
 * What the pages decide, without a browser: what an answer of the API means for the person, and the forms that
 * WebAuthn wants. Nothing here touches the document, and importing it does nothing.
 */

/** Every call that the pages make, all of them POST. */
export const API = Object.freeze({
  logIn: '/auth/api/v1/login',
  secondFactor: '/auth/api/v1/login/mfa',
  securityKeyOptions: '/auth/api/v1/login/mfa/webauthn',
  startSetUp: '/auth/api/v1/login/mfa/totp',
  confirmSetUp: '/auth/api/v1/login/mfa/totp/confirm',
  proceed: '/auth/api/v1/login/continue',
  newPassword: '/auth/api/v1/login/password',
  passkeyOptions: '/auth/api/v1/login/passkey/options',
  passkey: '/auth/api/v1/login/passkey',
  resetPassword: '/auth/api/v1/password/reset',
});

/**
 * An answer of the API; status 0 when none came.
 * @typedef {{ status: number, body: Record<string, unknown>, retryAfterSeconds?: number | undefined }} Answer
 */

/** @typedef {'one-time-code' | 'security-key' | 'recovery-code'} Method */

/**
 * What comes next: the application, another step, the end of this sign-in, or the same step once more.
 * @typedef {{ kind: 'completed', redirectTo: string }
 *   | { kind: 'recovery-codes', codes: string[] }
 *   | { kind: 'password', text: string }
 *   | { kind: 'second-factor', methods: Method[] }
 *   | { kind: 'set-up' }
 *   | { kind: 'new-password' }
 *   | { kind: 'over' }
 *   | { kind: 'refused', text: string }} Next
 */

/** @type {ReadonlyMap<unknown, Method>} */
const METHODS = new Map([
  ['WEBAUTHN', 'security-key'],
  ['TOTP', 'one-time-code'],
  ['RECOVERY_CODE', 'recovery-code'],
]);

/** @type {Next} */
const NOT_UNDERSTOOD = {
  kind: 'refused',
  text: 'The server gave an answer that this page does not understand.',
};

/**
 * @param {Answer} answer
 * @returns {Next}
 */
export function nextOf(answer) {
  const { status, body } = answer;
  if (status === 200) return completionOf(body);
  if (body['property'] === 'token') return { kind: 'over' };
  switch (body['error_code']) {
    case 'SIGN_IN_EXPIRED':
      return { kind: 'over' };
    case 'MFA_REQUIRED':
      return secondFactorOf(body['details']);
    case 'MFA_SETUP_REQUIRED':
      return { kind: 'set-up' };
    case 'PASSWORD_CHANGE_REQUIRED':
      return { kind: 'new-password' };
    case 'INVALID_REQUEST':
      return { kind: 'password', text: 'Enter your user name and password first.' };
    case 'ACCESS_DENIED':
      return { kind: 'password', text: 'This account may not sign in to this application.' };
    default:
      return { kind: 'refused', text: failureText(answer) };
  }
}

/**
 * @param {Record<string, unknown>} body
 * @returns {Next}
 */
function completionOf({ redirect_to: redirectTo, recovery_codes: codes }) {
  if (Array.isArray(codes)) {
    return { kind: 'recovery-codes', codes: codes.filter(code => typeof code === 'string') };
  }
  if (typeof redirectTo !== 'string' || !isCallback(redirectTo)) return NOT_UNDERSTOOD;
  return { kind: 'completed', redirectTo };
}

/** What runs or shows something in this page's own origin, or what only a local page may open. */
const NO_CALLBACKS = ['javascript:', 'data:', 'blob:', 'vbscript:', 'file:', 'filesystem:', 'about:'];

/**
 * Whether a browser may be sent there. Applications on phones have schemes of their own (RFC 8252, 7.1).
 * @param {string} url
 */
export const isCallback = url => URL.canParse(url) && !NO_CALLBACKS.includes(new URL(url).protocol);

/**
 * @param {unknown} details
 * @returns {Next}
 */
function secondFactorOf(details) {
  const codes = Array.isArray(details) ? details.map(detail => detail?.error_code) : [];
  const methods = [...METHODS].filter(([code]) => codes.includes(code)).map(([, method]) => method);
  return methods.length === 0 ? NOT_UNDERSTOOD : { kind: 'second-factor', methods };
}

/**
 * @param {Answer} answer
 * @returns {'done' | 'over' | { text: string }}
 */
export function resetOutcome(answer) {
  if (answer.status === 200) return 'done';
  return answer.body['property'] === 'token' ? 'over' : { text: failureText(answer) };
}

/**
 * Why the same step must be done again. Only what the server says about a new password is passed on: the rules
 * are its own, and they differ between installations.
 * @param {Answer} answer
 */
export function failureText({ status, body, retryAfterSeconds }) {
  if (status === 0) return 'The server cannot be reached. Check your connection and try again.';
  if (status === 429) return waitText(retryAfterSeconds);
  if (status >= 500) return 'The server cannot do this at the moment. Try again in a little while.';
  const { error_code: code, error_message: message, property } = body;
  if (property === 'new_password' && typeof message === 'string') return `${message}.`;
  if (code === 'MFA_FAILED') return 'That was not accepted. Codes work once and for a short time.';
  if (code === 'FEATURE_DISABLED') return 'Passkeys and security keys do not work at this address.';
  if (code === 'INVALID_GRANT' || property === 'username' || property === 'password') {
    return 'The user name or the password is wrong.';
  }
  if (property === 'totp' || property === 'recovery_code') return 'That cannot be a code.';
  return 'The server refused this. Try again.';
}

/** @param {number | undefined} seconds */
export function waitText(seconds) {
  if (seconds === undefined) return 'Too many attempts. Try again later.';
  if (seconds < 60) return `Too many attempts. Try again in ${plural(seconds, 'second')}.`;
  return `Too many attempts. Try again in ${plural(Math.ceil(seconds / 60), 'minute')}.`;
}

/**
 * @param {number} count
 * @param {string} unit
 */
const plural = (count, unit) => `${count} ${unit}${count === 1 ? '' : 's'}`;

/** @param {string | null} header Retry-After; its other form, a date, is not used by this platform. */
export function retryAfterOf(header) {
  return header !== null && /^\d{1,6}$/.test(header) ? Number(header) : undefined;
}

/**
 * Browsers tie passkeys to host names (Web Authentication, 5.1.2): at an IP address none can ever be used.
 * @param {string} hostname
 */
export const isHostName = hostname => !hostname.startsWith('[') && !/^[\d.]+$/.test(hostname);

/**
 * Groups of four are easier to type from one screen into another.
 * @param {string} seed
 */
export const inGroups = seed => seed.replace(/(.{4})(?=.)/g, '$1 ');

/** @param {string} text */
export function fromBase64url(text) {
  const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
  return Uint8Array.from(binary, character => character.charCodeAt(0));
}

/** @param {ArrayBuffer | Uint8Array} bytes */
export function toBase64url(bytes) {
  const binary = Array.from(new Uint8Array(bytes), byte => String.fromCharCode(byte)).join('');
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
}

/**
 * PublicKeyCredentialRequestOptionsJSON to what the browser takes (Web Authentication, 5.1.10). Not every browser
 * that knows passkeys has the function that does this.
 * @param {Record<string, unknown>} options
 */
export function toRequestOptions(options) {
  const { challenge, allowCredentials, ...rest } = options;
  const descriptors = Array.isArray(allowCredentials) ? allowCredentials : [];
  return {
    ...rest,
    challenge: fromBase64url(String(challenge)),
    allowCredentials: descriptors.map(descriptor => ({
      ...descriptor,
      type: 'public-key',
      id: fromBase64url(String(descriptor.id)),
    })),
  };
}

/**
 * The browser's answer as AuthenticationResponseJSON.
 * @param {{ id: string, rawId: ArrayBuffer, type: string, response: { clientDataJSON: ArrayBuffer,
 *   authenticatorData: ArrayBuffer, signature: ArrayBuffer, userHandle: ArrayBuffer | null } }} credential
 */
export function toAssertion({ id, rawId, type, response }) {
  const { clientDataJSON, authenticatorData, signature, userHandle } = response;
  return {
    id,
    rawId: toBase64url(rawId),
    type,
    clientExtensionResults: {},
    response: {
      clientDataJSON: toBase64url(clientDataJSON),
      authenticatorData: toBase64url(authenticatorData),
      signature: toBase64url(signature),
      ...(userHandle === null ? {} : { userHandle: toBase64url(userHandle) }),
    },
  };
}
