import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { generateSync } from 'otplib';
import { confirmTotp, startTotp } from '../src/operations/second-factor-setup.ts';
import {
  claimsOf,
  countStatus,
  enterPassword,
  expectRefusal,
  loginStep,
  logIn,
  newPkce,
  startSignIn,
} from './oauth-walk.ts';
import { makePerson, openContext, type TestContext } from './people.ts';
import { startTestAuth, uniqueName, USERS, type TestAuth } from './support.ts';

const PASSWORD = 'Kumquat-Orchard-9';
const OTHER = 'Persimmon-Garden-7';

let now = new Date('2027-03-01T12:00:00Z');
let auth: TestAuth;
let ctx: TestContext;

beforeAll(async () => {
  auth = await startTestAuth({ now: () => now });
  ctx = await openContext(auth, () => now);
});
afterAll(async () => {
  await ctx.close();
  await auth.stop();
});
// All tests come from one address, which may not guess without end.
beforeEach(() => auth.superuser.query('DELETE FROM sign_in_failures'));

const codeAt = (seed: string, secondsFromNow = 0) =>
  generateSync({ secret: seed, epoch: now.getTime() / 1_000 + secondsFromNow });

interface Someone {
  id: string;
  username: string;
  password: string;
}

async function someone(body: Record<string, unknown> = {}): Promise<Someone> {
  const username = uniqueName('person');
  const id = await makePerson(auth, { username, password: { password: PASSWORD }, ...body });
  return { id, username, password: PASSWORD };
}

/** With an authenticator app, whose code of this moment is not used yet. */
async function withTotp(
  body: Record<string, unknown> = {},
): Promise<Someone & { seed: string; recoveryCodes: readonly string[] }> {
  const person = await someone(body);
  const { seed } = await startTotp(ctx, person);
  const recoveryCodes = await confirmTotp(ctx, person.id, codeAt(seed, -30));
  return { ...person, seed, recoveryCodes: recoveryCodes ?? [] };
}

describe('with an authenticator app', () => {
  test('the password alone tells which factors are left, and the code completes', async () => {
    const person = await withTotp();
    const { pkce, token, answer } = await enterPassword(auth, person);
    expectRefusal(answer, 'MFA_REQUIRED');
    expect(answer.body['error']).toBe('interaction_required');
    expect((answer.body['details'] as Record<string, unknown>[]).map(detail => detail['error_code'])).toEqual(
      ['TOTP', 'RECOVERY_CODE'],
    );
    const done = await loginStep(auth, 'mfa', { token, totp: codeAt(person.seed) });
    expect(await claimsOf(auth, done, pkce)).toMatchObject({ sub: person.id, amr: ['pwd', 'otp', 'mfa'] });
  });

  test('nothing goes around it', async () => {
    const person = await withTotp();
    const { token } = await enterPassword(auth, person);
    expectRefusal(await loginStep(auth, 'continue', { token }), 'MFA_REQUIRED');
    expectRefusal(await loginStep(auth, 'mfa', { token }), 'MFA_REQUIRED');
    // Setting up another one is no way past the one that is there.
    expectRefusal(await loginStep(auth, 'mfa/totp', { token }), 'MFA_REQUIRED');
    expectRefusal(
      await loginStep(auth, 'mfa/totp/confirm', { token, totp: codeAt(person.seed) }),
      'MFA_REQUIRED',
    );
    expectRefusal(await loginStep(auth, 'password', { token, new_password: OTHER }), 'INVALID_REQUEST');
  });

  test('a wrong code is refused and recorded, and a used one does not work again', async () => {
    const person = await withTotp();
    const first = await enterPassword(auth, person);
    const code = codeAt(person.seed);
    const wrong = String((Number(code) + 1) % 1_000_000).padStart(6, '0');
    expectRefusal(await loginStep(auth, 'mfa', { token: first.token, totp: wrong }), 'MFA_FAILED');
    expect((await loginStep(auth, 'mfa', { token: first.token, totp: code })).status).toBe(200);
    const second = await enterPassword(auth, person);
    for (const again of [code, ` ${code}`, `${code.slice(0, 3)} ${code.slice(3)}`]) {
      expectRefusal(await loginStep(auth, 'mfa', { token: second.token, totp: again }), 'MFA_FAILED');
    }
    const records = (await auth.trail()).filter(record => record.message['userID'] === person.id);
    expect(records.map(record => record.name)).toEqual(
      expect.arrayContaining(['MFA-failed', 'MFA-succeeded', 'User-logged-in']),
    );
    expect(JSON.stringify(records)).not.toContain(code);
  });

  test('of 100 uses of one code at once, in sign-ins of their own, one completes', async () => {
    const person = await withTotp();
    const tokens: string[] = [];
    for (let i = 0; i < 100; i += 1) {
      const pkce = newPkce();
      tokens.push(await startSignIn(auth, pkce));
    }
    await auth.superuser.query(
      `UPDATE authorization_requests SET user_id = $1, auth_methods = '{pwd}' WHERE user_id IS NULL`,
      [person.id],
    );
    const totp = codeAt(person.seed);
    const answers = await Promise.all(tokens.map(token => loginStep(auth, 'mfa', { token, totp })));
    expect(countStatus(answers, 200)).toBe(1);
    expect(answers.filter(({ body }) => 'code' in body)).toHaveLength(1);
    expect(answers.every(({ status }) => [200, 400, 429].includes(status))).toBe(true);
  });

  test('guesses end after five, at whatever request and step they are made', async () => {
    const person = await withTotp();
    const code = codeAt(person.seed);
    const wrong = String((Number(code) + 1) % 1_000_000).padStart(6, '0');
    for (let i = 0; i < 5; i += 1) {
      const { token } = await enterPassword(auth, person);
      const guess = i % 2 === 0 ? { totp: wrong } : { recovery_code: 'AAAA-AAAA-AAAA-AAAA' };
      expectRefusal(await loginStep(auth, 'mfa', { token, ...guess }), 'MFA_FAILED');
    }
    const { token } = await enterPassword(auth, person);
    const limited = await loginStep(auth, 'mfa', { token, totp: code });
    expectRefusal(limited, 'MAX_LOAD', 429);
    expect(Number(limited.headers.get('retry-after'))).toBeGreaterThan(0);
  });

  test('a recovery code works once', async () => {
    const person = await withTotp();
    const [recovery_code = ''] = person.recoveryCodes;
    const first = await enterPassword(auth, person);
    const done = await loginStep(auth, 'mfa', { token: first.token, recovery_code });
    expect(await claimsOf(auth, done, first.pkce)).toMatchObject({ amr: ['pwd', 'kba', 'mfa'] });
    const second = await enterPassword(auth, person);
    expectRefusal(await loginStep(auth, 'mfa', { token: second.token, recovery_code }), 'MFA_FAILED');
    const others = await withTotp();
    const third = await enterPassword(auth, others);
    const foreign = person.recoveryCodes[1];
    expectRefusal(await loginStep(auth, 'mfa', { token: third.token, recovery_code: foreign }), 'MFA_FAILED');
  });
});

describe('a request token', () => {
  test('knows nobody before the password', async () => {
    const person = await withTotp();
    const token = await startSignIn(auth, newPkce());
    const totp = codeAt(person.seed);
    for (const [path, body] of [
      ['mfa', { totp }],
      ['mfa/webauthn', {}],
      ['mfa/totp', {}],
      ['mfa/totp/confirm', { totp }],
      ['password', { new_password: OTHER }],
      ['continue', {}],
    ] as const) {
      const answer = await loginStep(auth, path, { token, ...body });
      expectRefusal(answer, 'INVALID_REQUEST');
    }
    for (const token of ['x', 'a'.repeat(43)]) {
      expectRefusal(await loginStep(auth, 'mfa', { token, totp }), 'SIGN_IN_EXPIRED');
      expectRefusal(await loginStep(auth, 'continue', { token }), 'SIGN_IN_EXPIRED');
    }
  });

  test('on which a second person signs in starts over: no factor of the first one counts', async () => {
    const [first, second] = [await withTotp({ password_change_required: true }), await withTotp()];
    const { pkce, token } = await enterPassword(auth, first);
    // All but the new password is done.
    expectRefusal(
      await loginStep(auth, 'mfa', { token, totp: codeAt(first.seed) }),
      'PASSWORD_CHANGE_REQUIRED',
    );
    expectRefusal(await logIn(auth, token, second), 'MFA_REQUIRED');
    expectRefusal(await loginStep(auth, 'continue', { token }), 'MFA_REQUIRED');
    expectRefusal(
      await loginStep(auth, 'mfa', { token, recovery_code: first.recoveryCodes[0] }),
      'MFA_FAILED',
    );
    const done = await loginStep(auth, 'mfa', { token, totp: codeAt(second.seed) });
    expect(await claimsOf(auth, done, pkce)).toMatchObject({ sub: second.id, name: second.username });
  });

  test('gives five minutes for each step, and none to who was disabled meanwhile', async () => {
    const person = await withTotp();
    const { token } = await enterPassword(auth, person);
    const before = now;
    now = new Date(now.getTime() + 300_000);
    expectRefusal(await loginStep(auth, 'mfa', { token, totp: codeAt(person.seed) }), 'SIGN_IN_EXPIRED');
    now = before;
    expect(
      (
        await auth.call('PUT', `${USERS}/${person.id}`, {
          body: { username: person.username, disabled: true },
        })
      ).status,
    ).toBe(200);
    expectRefusal(await loginStep(auth, 'mfa', { token, totp: codeAt(person.seed) }), 'SIGN_IN_EXPIRED');
  });

  test('that passed by a password is void once an administrator sets another one', async () => {
    const person = await withTotp();
    const { token } = await enterPassword(auth, person);
    await auth.call('PUT', `${USERS}/${person.id}/password`, { body: { password: OTHER } });
    expectRefusal(await loginStep(auth, 'mfa', { token, totp: codeAt(person.seed) }), 'SIGN_IN_EXPIRED');
  });
});

describe('a second factor that is demanded', () => {
  const demand = async (person: Someone) =>
    expect(
      (await auth.call('POST', '/role-store/api/v1/users/mfa/enable', { body: [person.id] })).status,
    ).toBe(200);

  test('is set up on the way in, and its recovery codes are shown before the sign-in ends', async () => {
    const person = await someone();
    await demand(person);
    const { pkce, token, answer } = await enterPassword(auth, person);
    expectRefusal(answer, 'MFA_SETUP_REQUIRED');
    expectRefusal(await loginStep(auth, 'continue', { token }), 'MFA_SETUP_REQUIRED');
    const setup = await loginStep(auth, 'mfa/totp', { token });
    expect(setup).toMatchObject({ status: 200, body: { otpauth_uri: expect.stringMatching(/^otpauth:/) } });
    expect(setup.headers.get('cache-control')).toBe('no-store');
    expectRefusal(await loginStep(auth, 'mfa/totp/confirm', { token, totp: '000000' }), 'MFA_FAILED');
    const totp = codeAt(String(setup.body['seed_string']));
    const confirmed = await loginStep(auth, 'mfa/totp/confirm', { token, totp });
    expect(confirmed.status).toBe(200);
    expect(confirmed.body['recovery_codes']).toHaveLength(10);
    expect(confirmed.body).not.toHaveProperty('code');
    expect(confirmed.headers.get('cache-control')).toBe('no-store');
    // The code that proved the set-up is used.
    const other = await enterPassword(auth, person);
    expectRefusal(await loginStep(auth, 'mfa', { token: other.token, totp }), 'MFA_FAILED');
    const done = await loginStep(auth, 'continue', { token });
    expect(await claimsOf(auth, done, pkce)).toMatchObject({ sub: person.id, amr: ['pwd', 'otp', 'mfa'] });
    expectRefusal(await loginStep(auth, 'continue', { token }), 'SIGN_IN_EXPIRED');
  });

  test('comes after a new password, so that the recovery codes are the last thing to do', async () => {
    const person = await someone({ password_change_required: true });
    await demand(person);
    const { pkce, token, answer } = await enterPassword(auth, person);
    expectRefusal(answer, 'PASSWORD_CHANGE_REQUIRED');
    expectRefusal(await loginStep(auth, 'mfa/totp', { token }), 'PASSWORD_CHANGE_REQUIRED');
    expectRefusal(await loginStep(auth, 'password', { token, new_password: OTHER }), 'MFA_SETUP_REQUIRED');
    const { body } = await loginStep(auth, 'mfa/totp', { token });
    await loginStep(auth, 'mfa/totp/confirm', { token, totp: codeAt(String(body['seed_string'])) });
    expect(await claimsOf(auth, await loginStep(auth, 'continue', { token }), pkce)).toMatchObject({
      sub: person.id,
    });
  });
});

describe('a password that must be changed', () => {
  test('is changed on the way in', async () => {
    const person = await someone({ password_change_required: true });
    const { pkce, token, answer } = await enterPassword(auth, person);
    expectRefusal(answer, 'PASSWORD_CHANGE_REQUIRED');
    expectRefusal(await loginStep(auth, 'continue', { token }), 'PASSWORD_CHANGE_REQUIRED');
    for (const bad of ['short', PASSWORD]) {
      const refused = await loginStep(auth, 'password', { token, new_password: bad });
      expect([refused.status, refused.body['property']]).toEqual([400, 'new_password']);
      expect(refused.text).not.toContain(bad);
    }
    const done = await loginStep(auth, 'password', { token, new_password: OTHER });
    expect(await claimsOf(auth, done, pkce)).toMatchObject({ sub: person.id, amr: ['pwd'] });
    expect((await enterPassword(auth, person)).answer.status).toBe(400);
    expect((await enterPassword(auth, { ...person, password: OTHER })).answer.status).toBe(200);
  });

  test('comes after the second factor: a stolen password sets no new one', async () => {
    const person = await withTotp({ password_change_required: true });
    const { pkce, token, answer } = await enterPassword(auth, person);
    expectRefusal(answer, 'MFA_REQUIRED');
    expectRefusal(await loginStep(auth, 'password', { token, new_password: OTHER }), 'MFA_REQUIRED');
    expectRefusal(
      await loginStep(auth, 'mfa', { token, totp: codeAt(person.seed) }),
      'PASSWORD_CHANGE_REQUIRED',
    );
    const done = await loginStep(auth, 'password', { token, new_password: OTHER });
    expect(await claimsOf(auth, done, pkce)).toMatchObject({ sub: person.id, amr: ['pwd', 'otp', 'mfa'] });
  });

  test('of two who change it at once, one gets in', async () => {
    const person = await someone({ password_change_required: true });
    const [one, two] = [await enterPassword(auth, person), await enterPassword(auth, person)];
    const answers = await Promise.all([
      loginStep(auth, 'password', { token: one.token, new_password: OTHER }),
      loginStep(auth, 'password', { token: two.token, new_password: `${OTHER}-2` }),
    ]);
    expect(countStatus(answers, 200)).toBe(1);
  });

  test('is nobody’s to change who need not', async () => {
    const person = await withTotp();
    const { token } = await enterPassword(auth, person);
    expectRefusal(await loginStep(auth, 'password', { token, new_password: OTHER }), 'INVALID_REQUEST');
    expect((await enterPassword(auth, person)).answer.body['error_code']).toBe('MFA_REQUIRED');
  });
});
