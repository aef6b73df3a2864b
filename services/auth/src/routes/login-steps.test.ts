import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { errorBody, statusOf } from '@strongroom/errors/error-body';
import {
  failureText,
  fromBase64url,
  inGroups,
  isCallback,
  isHostName,
  nextOf,
  resetOutcome,
  retryAfterOf,
  toAssertion,
  toBase64url,
  toRequestOptions,
  waitText,
} from '../../public/login-steps.js';
import { apiClientRefused } from '../domain/oauth-errors.ts';
import {
  firstFactorMissing,
  mfaRequired,
  mfaSetupRequired,
  notForThisPerson,
  passwordChangeRequired,
  secondFactorRefused,
  signInExpired,
} from '../domain/sign-in-step.ts';

/** An error of the service as the page receives it. */
const answerOf = (error: Parameters<typeof statusOf>[0]) => ({
  status: statusOf(error),
  body: JSON.parse(JSON.stringify(errorBody(error))) as Record<string, unknown>,
});

const CALLBACK = 'https://app.example/callback?code=c&state=s';

describe('what comes next', () => {
  test('is the application when the sign-in is complete', () => {
    expect(nextOf({ status: 200, body: { code: 'c', state: 's', redirect_to: CALLBACK } })).toEqual({
      kind: 'completed',
      redirectTo: CALLBACK,
    });
  });

  test('comes after the recovery codes, which stand alone', () => {
    const body = { recovery_codes: ['one', 'two'] };
    expect(nextOf({ status: 200, body })).toEqual({ kind: 'recovery-codes', codes: ['one', 'two'] });
  });

  test.each([
    [signInExpired(), 'over'],
    [mfaSetupRequired(), 'set-up'],
    [passwordChangeRequired(), 'new-password'],
    [firstFactorMissing(), 'password'],
    [notForThisPerson(), 'password'],
    [secondFactorRefused(), 'refused'],
    [apiClientRefused(), 'refused'],
  ])('after %s is: %s', (error, kind) => {
    expect(nextOf(answerOf(error)).kind).toBe(kind);
  });

  test.each([
    [['totp'], ['one-time-code']],
    [
      ['totp', 'webauthn', 'recovery_code'],
      ['security-key', 'one-time-code', 'recovery-code'],
    ],
    [['sms', 'recovery_code'], ['recovery-code']],
  ])('is a choice of the second factors %j', (factors, methods) => {
    expect(nextOf(answerOf(mfaRequired(factors)))).toEqual({ kind: 'second-factor', methods });
  });

  test('is the end when the token itself cannot be one', () => {
    const body = { error_code: 'VALUE_OUT_OF_BOUNDS', property: 'token' };
    expect(nextOf({ status: 400, body })).toEqual({ kind: 'over' });
  });

  test('is always something, whatever was answered, and never an address but a callback', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 599 }), fc.object(), (status, body) => {
        const next = nextOf({ status, body });
        if (next.kind === 'refused' || next.kind === 'password') expect(next.text).toMatch(/\.$/);
        if (next.kind === 'completed') expect(isCallback(next.redirectTo)).toBe(true);
      }),
    );
  });

  test.each([[undefined], [null], [7], ['totp'], [[]], [[null, 1, {}]]])(
    'is said to be unknown when the second factors are %j',
    details => {
      const body = { error_code: 'MFA_REQUIRED', details };
      expect(nextOf({ status: 400, body }).kind).toBe('refused');
    },
  );
});

describe('where a browser may be sent', () => {
  test.each([CALLBACK, 'http://127.0.0.1:49152/cb', 'com.example.app:/cb?code=c', 'myapp://cb'])(
    '%s',
    url => {
      expect(isCallback(url)).toBe(true);
    },
  );

  test.each([
    'javascript:alert(1)',
    'JavaScript:alert(1)',
    ' javascript:alert(1)',
    '\u0001javascript:alert(1)',
    'java\nscript:alert(1)',
    'data:text/html,x',
    'blob:https://app.example/x',
    'file:///etc/passwd',
    '/relative',
    '',
  ])('not %j', url => {
    expect(isCallback(url)).toBe(false);
    expect(nextOf({ status: 200, body: { redirect_to: url } }).kind).toBe('refused');
  });
});

describe('what is said of a failure', () => {
  test.each([
    [0, {}, /cannot be reached/],
    [500, {}, /at the moment/],
    [503, { error_code: 'INVALID_GRANT' }, /at the moment/],
    [429, {}, /Too many/],
    [400, { error_code: 'INVALID_GRANT' }, /user name or the password/],
    [400, { property: 'username' }, /user name or the password/],
    [400, { error_code: 'MFA_FAILED' }, /not accepted/],
    [400, { error_code: 'FEATURE_DISABLED' }, /Passkeys/],
    [400, { property: 'totp' }, /code/],
    [404, {}, /refused/],
  ])('%i %j', (status, body, text) => {
    expect(failureText({ status, body })).toMatch(text);
  });

  test('is the server’s own word on a new password, and on nothing else', () => {
    const error_message = 'The password must have at least 12 characters';
    const said = (property: string) => failureText({ status: 400, body: { property, error_message } });
    expect(said('new_password')).toBe(`${error_message}.`);
    for (const property of ['token', 'username', 'totp', '']) expect(said(property)).not.toContain('12');
  });

  test.each([
    [undefined, 'later'],
    [1, 'in 1 second'],
    [59, 'in 59 seconds'],
    [60, 'in 1 minute'],
    [61, 'in 2 minutes'],
  ])('wait %s', (seconds, text) => {
    expect(waitText(seconds)).toBe(`Too many attempts. Try again ${text}.`);
  });

  test.each([
    ['30', 30],
    ['0', 0],
    [null, undefined],
    ['-1', undefined],
    ['Sun, 06 Nov 1994 08:49:37 GMT', undefined],
    ['99999999', undefined],
  ])('Retry-After %s', (header, seconds) => {
    expect(retryAfterOf(header)).toBe(seconds);
  });
});

test.each([
  [{ status: 200, body: {} }, 'done'],
  [{ status: 400, body: { property: 'token' } }, 'over'],
  [{ status: 400, body: { property: 'new_password', error_message: 'Too short' } }, { text: 'Too short.' }],
])('after a reset was answered by %j', (answer, outcome) => {
  expect(resetOutcome(answer)).toEqual(outcome);
});

describe('WebAuthn as JSON', () => {
  const bytes = fc.uint8Array({ maxLength: 80 });

  test('base64url is what Node means by it, both ways', () => {
    fc.assert(
      fc.property(bytes, data => {
        const text = Buffer.from(data).toString('base64url');
        expect(toBase64url(data)).toBe(text);
        expect([...fromBase64url(text)]).toEqual([...data]);
      }),
    );
  });

  test('options become bytes where the browser wants bytes, and stay otherwise', () => {
    expect(
      toRequestOptions({
        challenge: 'AAEC',
        rpId: 'vault.example',
        timeout: 300_000,
        userVerification: 'required',
        allowCredentials: [{ id: '_-8', transports: ['usb'] }],
      }),
    ).toEqual({
      challenge: Uint8Array.of(0, 1, 2),
      rpId: 'vault.example',
      timeout: 300_000,
      userVerification: 'required',
      allowCredentials: [{ id: Uint8Array.of(255, 239), type: 'public-key', transports: ['usb'] }],
    });
    expect(toRequestOptions({ challenge: 'AAEC' }).allowCredentials).toEqual([]);
  });

  test('the answer of a key becomes text; a key that names nobody leaves that out', () => {
    const buffer = (text: string) => Uint8Array.from(Buffer.from(text)).buffer;
    const response = {
      clientDataJSON: buffer('{}'),
      authenticatorData: buffer('data'),
      signature: buffer('signed'),
      userHandle: null,
    };
    const credential = { id: 'aWQ', rawId: buffer('id'), type: 'public-key', response };
    expect(toAssertion(credential)).toEqual({
      id: 'aWQ',
      rawId: 'aWQ',
      type: 'public-key',
      clientExtensionResults: {},
      response: { clientDataJSON: 'e30', authenticatorData: 'ZGF0YQ', signature: 'c2lnbmVk' },
    });
    const named = toAssertion({ ...credential, response: { ...response, userHandle: buffer('me') } });
    expect(named.response).toHaveProperty('userHandle', 'bWU');
  });
});

test.each([
  ['vault.example', true],
  ['localhost', true],
  ['10.example', true],
  ['127.0.0.1', false],
  ['[::1]', false],
])('passkeys at %s: %s', (hostname, usable) => {
  expect(isHostName(hostname)).toBe(usable);
});

test.each([
  ['JBSWY3DPEHPK3PXP', 'JBSW Y3DP EHPK 3PXP'],
  ['JBSWY', 'JBSW Y'],
  ['', ''],
])('the key %j is shown as %j', (seed, shown) => {
  expect(inGroups(seed)).toBe(shown);
});
