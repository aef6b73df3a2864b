import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { claimsOf, enterPassword, expectRefusal, loginStep, newPkce, startSignIn } from './oauth-walk.ts';
import { makePerson, openContext, signInAs, type TestContext } from './people.ts';
import { createSoftwareAuthenticator, type SoftwareAuthenticator } from './software-authenticator.ts';
import { ISSUER, startTestAuth, uniqueName, USERS, type TestAuth } from './support.ts';

const PASSWORD = 'Kumquat-Orchard-9';
const MFA = '/auth/api/v1/mfa';

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
beforeEach(() => auth.superuser.query('DELETE FROM sign_in_failures'));

interface Owner {
  id: string;
  username: string;
  password: string;
  key: SoftwareAuthenticator;
}

/** A person with one key, which was added as its owner does it. */
async function owner(body: Record<string, unknown> = {}): Promise<Owner> {
  const username = uniqueName('person');
  const id = await makePerson(auth, { username, password: { password: PASSWORD }, ...body });
  const { bearer: as } = await signInAs(ctx, id);
  const key = createSoftwareAuthenticator({ origin: ISSUER });
  const options = await auth.call('POST', `${MFA}/webauthn/options`, { as });
  const response = await key.create(options.body);
  expect((await auth.call('POST', `${MFA}/webauthn`, { as, body: { name: 'key', response } })).status).toBe(
    201,
  );
  return { id, username, password: PASSWORD, key };
}

const options = async (path: string, token: string) => {
  const { status, body } = await loginStep(auth, path, { token });
  expect(status).toBe(200);
  return body;
};

describe('a security key after the password', () => {
  test('completes, with a challenge of this sign-in', async () => {
    const person = await owner();
    const { pkce, token, answer } = await enterPassword(auth, person);
    expectRefusal(answer, 'MFA_REQUIRED');
    const asked = await options('mfa/webauthn', token);
    expect(asked['allowCredentials']).toEqual([expect.objectContaining({ id: person.key.credentialId })]);
    // Touch is enough beside a password.
    const webauthn = person.key.get(asked, { userVerified: false });
    const done = await loginStep(auth, 'mfa', { token, webauthn });
    expect(await claimsOf(auth, done, pkce)).toMatchObject({ sub: person.id, amr: ['pwd', 'hwk', 'mfa'] });
  });

  test('is refused by the challenge of another sign-in, a second time, and for somebody else', async () => {
    const [person, stranger] = [await owner(), await owner()];
    const [one, two] = [await enterPassword(auth, person), await enterPassword(auth, person)];
    const asked = await options('mfa/webauthn', one.token);
    await options('mfa/webauthn', two.token);
    const answer = person.key.get(asked);
    expectRefusal(await loginStep(auth, 'mfa', { token: two.token, webauthn: answer }), 'MFA_FAILED');
    // That took the challenge of the second sign-in: without a new one nothing can be answered there.
    expectRefusal(await loginStep(auth, 'mfa', { token: two.token, webauthn: answer }), 'MFA_FAILED');
    const foreign = stranger.key.get(asked);
    expectRefusal(await loginStep(auth, 'mfa', { token: one.token, webauthn: foreign }), 'MFA_FAILED');
    expectRefusal(await loginStep(auth, 'mfa', { token: one.token, webauthn: answer }), 'MFA_FAILED');
  });

  test.each([
    ['for another address', { origin: 'https://issuer.test.evil.example' }],
    ['for another party', { rpId: 'evil.example' }],
    ['of a registration', { type: 'webauthn.create' }],
    ['that nobody touched', { userPresent: false }],
  ])('is refused when the answer is one %s', async (_what, lies) => {
    const person = await owner();
    const { token } = await enterPassword(auth, person);
    const webauthn = person.key.get(await options('mfa/webauthn', token), lies);
    expectRefusal(await loginStep(auth, 'mfa', { token, webauthn }), 'MFA_FAILED');
  });

  test('counts as a guess when it is wrong', async () => {
    const person = await owner();
    const { token } = await enterPassword(auth, person);
    for (let i = 0; i < 5; i += 1) {
      const webauthn = person.key.get(await options('mfa/webauthn', token), { origin: 'https://x.test' });
      expectRefusal(await loginStep(auth, 'mfa', { token, webauthn }), 'MFA_FAILED');
    }
    const webauthn = person.key.get(await options('mfa/webauthn', token));
    expectRefusal(await loginStep(auth, 'mfa', { token, webauthn }), 'MAX_LOAD', 429);
  });
});

describe('a passkey alone', () => {
  const start = async () => {
    const pkce = newPkce();
    const token = await startSignIn(auth, pkce);
    return { pkce, token, asked: await options('passkey/options', token) };
  };

  test('stands for both factors, also where one is demanded or the password must be changed', async () => {
    const person = await owner({ password_change_required: true });
    await auth.call('POST', '/role-store/api/v1/users/mfa/enable', { body: [person.id] });
    const { pkce, token, asked } = await start();
    expect(asked).toMatchObject({ userVerification: 'required' });
    expect(asked).not.toHaveProperty('allowCredentials');
    const done = await loginStep(auth, 'passkey', { token, response: person.key.get(asked) });
    expect(await claimsOf(auth, done, pkce)).toMatchObject({ sub: person.id, amr: ['hwk', 'user', 'mfa'] });
    expectRefusal(await loginStep(auth, 'continue', { token }), 'SIGN_IN_EXPIRED');
  });

  test.each([
    ['did not verify its holder', { userVerified: false }],
    ['names no owner', { userHandle: null }],
    ['answers another challenge', { challenge: Buffer.alloc(40).toString('base64url') }],
    ['was asked by another page', { origin: 'https://evil.example' }],
  ])('is refused when it %s', async (_what, lies) => {
    const person = await owner();
    const { token, asked } = await start();
    const response = person.key.get(asked, lies);
    expectRefusal(await loginStep(auth, 'passkey', { token, response }), 'MFA_FAILED');
    // The challenge is spent.
    const honest = person.key.get(asked);
    expectRefusal(await loginStep(auth, 'passkey', { token, response: honest }), 'MFA_FAILED');
  });

  test('is refused without a challenge, to who is disabled, and when it is nobody’s', async () => {
    const person = await owner();
    const first = await start();
    const other = await startSignIn(auth, newPkce());
    const response = person.key.get(first.asked);
    expectRefusal(await loginStep(auth, 'passkey', { token: other, response }), 'MFA_FAILED');
    const unknown = createSoftwareAuthenticator({ origin: ISSUER });
    const handle = Buffer.from(person.id.replaceAll('-', ''), 'hex').toString('base64url');
    const forged = unknown.get(first.asked, { userHandle: handle });
    expectRefusal(await loginStep(auth, 'passkey', { token: first.token, response: forged }), 'MFA_FAILED');
    const second = await start();
    const { username } = person;
    await auth.call('PUT', `${USERS}/${person.id}`, { body: { username, disabled: true } });
    const late = person.key.get(second.asked);
    expectRefusal(await loginStep(auth, 'passkey', { token: second.token, response: late }), 'MFA_FAILED');
  });

  test('on a request that somebody else had begun signs in its own holder', async () => {
    const [first, second] = [await owner(), await owner()];
    const { pkce, token } = await enterPassword(auth, first);
    const response = second.key.get(await options('passkey/options', token));
    const done = await loginStep(auth, 'passkey', { token, response });
    expect(await claimsOf(auth, done, pkce)).toMatchObject({ sub: second.id });
  });

  test('is refused five minutes after it was asked for', async () => {
    const person = await owner();
    const { token, asked } = await start();
    const response = person.key.get(asked);
    const before = now;
    now = new Date(now.getTime() + 300_000);
    expectRefusal(await loginStep(auth, 'passkey', { token, response }), 'SIGN_IN_EXPIRED');
    now = before;
  });
});
