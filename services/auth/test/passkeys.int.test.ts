import 'reflect-metadata';
import {
  createHash,
  createPrivateKey,
  generateKeyPairSync,
  randomBytes,
  randomUUID,
  sign,
  webcrypto,
} from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { BasicConstraintsExtension, X509CertificateGenerator } from '@peculiar/x509';
import { checkWebauthn, secondFactorsOf, webauthnOptions } from '../src/operations/second-factor.ts';
import { keepSignInChallenge, takeSignInChallenge } from '../src/store/webauthn-challenges.ts';
import { openPeople, type People, type Person } from './person.ts';
import {
  createSoftwareAuthenticator,
  type AuthenticatorOptions,
  type Lies,
  type SoftwareAuthenticator,
} from './software-authenticator.ts';
import { ISSUER, startTestAuth, uniqueName, type TestAuth } from './support.ts';

const MFA = '/auth/api/v1/mfa';
const passkeysOf = (user: string) => `/role-store/api/v1/users/${user}/webauthn-credentials`;

let now = new Date('2026-05-01T08:00:10.000Z');
let auth: TestAuth;
let people: People;

beforeAll(async () => {
  auth = await startTestAuth({ now: () => now });
  people = await openPeople(auth, () => now);
});
afterAll(() => auth.stop());

const pass = (seconds: number) => {
  now = new Date(now.getTime() + seconds * 1_000);
};

const options = async (person: Person) =>
  (await auth.call('POST', `${MFA}/webauthn/options`, { as: await person.bearer() })).body;

const add = async (person: Person, response: unknown, name = 'key') =>
  auth.call('POST', `${MFA}/webauthn`, { as: await person.bearer(), body: { name, response } });

interface Owner {
  person: Person;
  authenticator: SoftwareAuthenticator;
  id: string;
}

async function withPasskey(made: Partial<AuthenticatorOptions> = {}, owner?: Person): Promise<Owner> {
  const person = owner ?? (await people.create());
  const authenticator = createSoftwareAuthenticator({ origin: ISSUER, ...made });
  const { status, body } = await add(person, await authenticator.create(await options(person)));
  expect(status).toBe(201);
  return { person, authenticator, id: String(body['id']) };
}

/** The sign-in's side: options for this person, or for whoever it may be, and the check of the answer. */
async function signIn(
  { authenticator, person }: Owner,
  lies: Lies = {},
  userId: string | undefined = person.id,
) {
  const { options: asked, challenge } = await webauthnOptions(people.ctx, userId);
  return checkWebauthn(people.ctx, { challenge, userId, response: authenticator.get(asked, lies) });
}

const packed = (signature: Buffer, chain: readonly Uint8Array[] = []) => ({
  fmt: 'packed',
  statement: new Map<string, unknown>([
    ['alg', -7],
    ['sig', new Uint8Array(signature)],
    ...(chain.length > 0 ? ([['x5c', chain]] as const) : []),
  ]),
});

const randomKeySign = (data: Buffer): Buffer =>
  sign('sha256', data, generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey);

/** In perfect order, by a maker whom nobody knows. */
async function chained(signed: Buffer) {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: 'C=FI, O=Maker, OU=Authenticator Attestation, CN=Model 1',
    notBefore: new Date(Date.now() - 86_400_000),
    notAfter: new Date(Date.now() + 86_400_000),
    keys,
    signingAlgorithm: algorithm,
    extensions: [new BasicConstraintsExtension(false)],
  });
  const pem = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey);
  const key = createPrivateKey({ key: Buffer.from(pem), format: 'der', type: 'pkcs8' });
  return packed(sign('sha256', signed, key), [new Uint8Array(certificate.rawData)]);
}

describe('a new passkey', () => {
  test.each(['ES256', 'EdDSA'] as const)('with %s', async algorithm => {
    const person = await people.create();
    const asked = await options(person);
    expect(asked).toMatchObject({
      rp: { id: 'issuer.test' },
      user: { id: Buffer.from(person.id.replaceAll('-', ''), 'hex').toString('base64url') },
      attestation: 'none',
      authenticatorSelection: { residentKey: 'preferred', userVerification: 'preferred' },
      excludeCredentials: [],
    });
    const authenticator = createSoftwareAuthenticator({ origin: ISSUER, algorithm });
    const added = await add(person, await authenticator.create(asked));
    expect([added.status, added.headers.get('cache-control')]).toEqual([201, 'no-store']);
    const id = String(added.body['id']);
    expect(added.headers.get('location')).toBe(`${passkeysOf('current')}/${id}`);
    expect(added.body['recovery_codes']).toHaveLength(10);
    expect(await secondFactorsOf(auth.superuser, person)).toEqual(['webauthn', 'recovery_code']);
    expect(await signIn({ person, authenticator, id })).toEqual({ userId: person.id, userVerified: true });

    // The second one excludes the first, and leaves the recovery codes as they are.
    const again = await options(person);
    expect(again['excludeCredentials']).toEqual([
      expect.objectContaining({ id: authenticator.credentialId }),
    ]);
    const second = await add(person, await createSoftwareAuthenticator({ origin: ISSUER }).create(again));
    expect([second.status, second.body['recovery_codes']]).toEqual([201, []]);
  });

  test.each<[string, Lies]>([
    ['of another origin', { origin: 'https://issuer.test.evil' }],
    ['of the origin by another scheme', { origin: 'http://issuer.test' }],
    ['of another relying party', { rpId: 'evil.test' }],
    ['for another challenge', { challenge: randomBytes(38).toString('base64url') }],
    ['that is an assertion', { type: 'webauthn.get' }],
    ['that nobody touched', { userPresent: false }],
    ['with a certificate chain', { attest: chained }],
    ['that is attested by another key', { attest: signed => packed(randomKeySign(signed)) }],
    ['of an unknown format', { attest: () => ({ fmt: 'x', statement: new Map() }) }],
  ])('%s is refused', async (_name, lies) => {
    const person = await people.create();
    const authenticator = createSoftwareAuthenticator({ origin: ISSUER });
    const { status, body } = await add(person, await authenticator.create(await options(person), lies));
    expect([status, body['property']]).toEqual([400, 'response']);
    expect(await secondFactorsOf(auth.superuser, person)).toEqual([]);
  });

  test('may attest itself, as browsers leave it', async () => {
    const person = await people.create();
    const authenticator = createSoftwareAuthenticator({ origin: ISSUER });
    const response = await authenticator.create(await options(person), {
      attest: (signed, own) => packed(own(signed)),
    });
    expect((await add(person, response)).status).toBe(201);
  });

  test('answers its challenge once and within five minutes', async () => {
    const person = await people.create();
    const authenticator = createSoftwareAuthenticator({ origin: ISSUER });
    const refused = async (asked: Record<string, unknown>) => {
      const other = createSoftwareAuthenticator({ origin: ISSUER });
      expect((await add(person, await other.create(asked))).status).toBe(400);
    };
    const spent = await options(person);
    expect(
      (await add(person, await authenticator.create(spent, { origin: 'https://evil.test' }))).status,
    ).toBe(400);
    await refused(spent);
    const used = await options(person);
    expect((await add(person, await authenticator.create(used))).status).toBe(201);
    await refused(used);
    const late = await options(person);
    pass(300);
    await refused(late);
    const older = await options(person);
    await options(person);
    await refused(older);
    await refused(await options(await people.create()));
  });

  test('answered many times at once is added once', async () => {
    const person = await people.create();
    const asked = await options(person);
    const answers = await Promise.all(
      Array.from({ length: 10 }, async () =>
        add(person, await createSoftwareAuthenticator({ origin: ISSUER }).create(asked)),
      ),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array<number>(9).fill(400)]);
  });

  test('that somebody has is nobody else’s', async () => {
    const { authenticator } = await withPasskey();
    const thief = await people.create();
    const { credentialId } = authenticator;
    const copy = createSoftwareAuthenticator({ origin: ISSUER, credentialId });
    const { status, body } = await add(thief, await copy.create(await options(thief)));
    expect([status, body['error_code']]).toEqual([409, 'VALUE_DUPLICATE']);
  });

  test('beyond twenty is one too many', async () => {
    const { person } = await withPasskey();
    await auth.superuser.query(
      `INSERT INTO webauthn_credentials
         (id, user_id, credential_id, public_key, sign_count, name, created_at, created_by, updated_at, updated_by)
       SELECT gen_random_uuid(), $1::uuid, decode(md5(n::text || $1::text), 'hex'), '', 0, 'more', now(), '', now(), ''
       FROM generate_series(1, 19) n`,
      [person.id],
    );
    const authenticator = createSoftwareAuthenticator({ origin: ISSUER });
    const { status, body } = await add(person, await authenticator.create(await options(person)));
    expect([status, body['error_code']]).toEqual([409, 'OUT_OF_RESOURCES']);
  });

  test.each([
    ['name', { name: ' ' }],
    ['response', { name: 'key' }],
    ['response.id', { name: 'key', response: { id: 'a b' } }],
    [
      'response.response.attestationObject',
      { name: 'key', response: { response: { attestationObject: '=' } } },
    ],
  ])('with a bad %s', async (property, body) => {
    const person = await people.create();
    const { status, body: error } = await auth.call('POST', `${MFA}/webauthn`, {
      as: await person.bearer(),
      body,
    });
    expect(status).toBe(400);
    expect(error['details']).toEqual(expect.arrayContaining([expect.objectContaining({ property })]));
  });
});

describe('sign-in by a passkey', () => {
  test('of the person, as a second factor', async () => {
    const owner = await withPasskey();
    const { options: asked } = await webauthnOptions(people.ctx, owner.person.id);
    expect(asked).toMatchObject({
      rpId: 'issuer.test',
      userVerification: 'preferred',
      allowCredentials: [{ id: owner.authenticator.credentialId, transports: ['internal'] }],
    });
    const userId = owner.person.id;
    expect(await signIn(owner)).toEqual({ userId, userVerified: true });
    expect(await signIn(owner, { userVerified: false })).toEqual({ userId, userVerified: false });
    expect(await signIn(owner, { userHandle: null })).toEqual({ userId, userVerified: true });
  });

  test('alone, which must know its owner', async () => {
    const owner = await withPasskey();
    const { options: asked, challenge } = await webauthnOptions(people.ctx, undefined);
    expect(asked).toMatchObject({ userVerification: 'required' });
    expect(asked['allowCredentials']).toBeUndefined();
    const check = (lies: Lies) =>
      checkWebauthn(people.ctx, {
        challenge,
        userId: undefined,
        response: owner.authenticator.get(asked, lies),
      });
    const other = Buffer.from(randomUUID().replaceAll('-', ''), 'hex').toString('base64url');
    for (const lies of [{ userVerified: false }, { userHandle: null }, { userHandle: other }]) {
      expect([lies, await check(lies)]).toEqual([lies, undefined]);
    }
    expect(await check({})).toEqual({ userId: owner.person.id, userVerified: true });
  });

  test.each<[string, Lies]>([
    ['another origin', { origin: 'https://evil.test' }],
    ['the origin at another port', { origin: `${ISSUER}:8443` }],
    ['another relying party', { rpId: 'evil.test' }],
    ['another challenge', { challenge: randomBytes(38).toString('base64url') }],
    ['a registration', { type: 'webauthn.create' }],
    ['nobody there', { userPresent: false }],
    ['another owner', { userHandle: 'AAAA' }],
  ])('with %s is refused', async (_name, lies) => {
    const owner = await withPasskey();
    expect(await signIn(owner, lies)).toBeUndefined();
    expect(await signIn(owner)).toBeDefined();
  });

  test('of somebody else is refused', async () => {
    const [one, two] = [await withPasskey(), await withPasskey()];
    expect(await signIn({ ...one, authenticator: two.authenticator })).toBeUndefined();
    const stranger = createSoftwareAuthenticator({ origin: ISSUER });
    expect(await signIn({ ...one, authenticator: stranger })).toBeUndefined();
    // The id of one with the key of another.
    const { credentialId } = one.authenticator;
    const forged = createSoftwareAuthenticator({ origin: ISSUER, credentialId });
    expect(
      await signIn({ ...one, authenticator: forged }, { userHandle: null, signCount: 99 }),
    ).toBeUndefined();
    expect(await signIn(one)).toBeDefined();
  });

  test('that counts backwards or stands still is refused: there is a copy of it', async () => {
    const owner = await withPasskey();
    expect(await signIn(owner, { signCount: 10 })).toBeDefined();
    for (const signCount of [10, 9, 0]) {
      expect([signCount, await signIn(owner, { signCount })]).toEqual([signCount, undefined]);
    }
    expect(await signIn(owner, { signCount: 11 })).toBeDefined();
  });

  test('that does not count works on', async () => {
    const owner = await withPasskey({ counts: false });
    expect(await signIn(owner)).toBeDefined();
    expect(await signIn(owner)).toBeDefined();
  });

  test('of 20 uses of one answer at once, one succeeds', async () => {
    const { person, authenticator } = await withPasskey();
    const { options: asked, challenge } = await webauthnOptions(people.ctx, person.id);
    const response = authenticator.get(asked);
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => checkWebauthn(people.ctx, { challenge, userId: person.id, response })),
    );
    expect(answers.filter(answer => answer !== undefined)).toHaveLength(1);
  });

  test('five minutes later is refused', async () => {
    const { person, authenticator } = await withPasskey();
    const { options: asked, challenge } = await webauthnOptions(people.ctx, person.id);
    const response = authenticator.get(asked);
    pass(300);
    expect(await checkWebauthn(people.ctx, { challenge, userId: person.id, response })).toBeUndefined();
  });

  test('takes its challenge from the authorization request once', async () => {
    const hash = createHash('sha256').update(randomUUID()).digest();
    await auth.superuser.query(
      `INSERT INTO authorization_requests
         (token_hash, client_id, redirect_uri, state, scope, nonce, code_challenge, created_at, expires_at)
       VALUES ($1, 'privx-ui', 'https://x.test', '', '', '', '', now(), now())`,
      [hash],
    );
    expect(await takeSignInChallenge(auth.superuser, hash)).toBeUndefined();
    expect(await keepSignInChallenge(auth.superuser, randomBytes(32), 'none')).toBe(false);
    expect(await keepSignInChallenge(auth.superuser, hash, 'first')).toBe(true);
    expect(await keepSignInChallenge(auth.superuser, hash, 'second')).toBe(true);
    const taken = await Promise.all(
      Array.from({ length: 20 }, () => takeSignInChallenge(auth.superuser, hash)),
    );
    expect(taken.filter(challenge => challenge !== undefined)).toEqual(['second']);
  });
});

test('where the address is an IP address, passkeys are refused plainly and all else works', async () => {
  const owner = await withPasskey();
  const { options: asked, challenge } = await webauthnOptions(people.ctx, owner.person.id);
  const ctx = { ...people.ctx, config: { ...auth.config, issuer: 'https://127.0.0.1:8443' } };
  const refusal = { code: 'FEATURE_DISABLED', message: expect.stringContaining('IP address') };
  await expect(webauthnOptions(ctx, owner.person.id)).rejects.toMatchObject(refusal);
  const response = owner.authenticator.get(asked);
  await expect(checkWebauthn(ctx, { challenge, userId: owner.person.id, response })).rejects.toMatchObject(
    refusal,
  );
  // Still asked for: what is set up does not vanish with the name of the server.
  expect(await secondFactorsOf(ctx.db, owner.person)).toEqual(['webauthn', 'recovery_code']);
});

describe('passkeys as objects (contract 4.2)', () => {
  test('are listed, read, renamed and deleted by their owner', async () => {
    const owner = await withPasskey();
    const as = await owner.person.bearer();
    await signIn(owner);
    const { body: person } = await auth.call('GET', `/role-store/api/v1/users/${owner.person.id}`, { as });
    expect(person['mfa']).toMatchObject({ user_mfa_status: 'ENABLED', status: 'DISABLED' });
    for (const user of ['current', owner.person.id, owner.person.id.toUpperCase()]) {
      const { body } = await auth.call('GET', passkeysOf(user), { as });
      expect(body).toEqual({
        count: 1,
        items: [
          {
            id: owner.id,
            credential_id: owner.authenticator.credentialId,
            name: 'key',
            comment: '',
            last_used: now.toISOString(),
            created: now.toISOString(),
            author: owner.person.id,
            updated: now.toISOString(),
            updatedby: owner.person.id,
            updated_by: owner.person.id,
          },
        ],
      });
    }
    const path = `${passkeysOf('current')}/${owner.id}`;
    const name = uniqueName('renamed');
    const body = { id: randomUUID(), name, comment: 'mine', credential_id: 'AAAA', last_used: '' };
    expect((await auth.call('PUT', path, { as, body })).status).toBe(200);
    expect((await auth.call('GET', path, { as })).body).toMatchObject({
      id: owner.id,
      name,
      comment: 'mine',
      credential_id: owner.authenticator.credentialId,
    });
    expect((await auth.call('DELETE', path, { as })).status).toBe(200);
    for (const method of ['GET', 'PUT', 'DELETE']) {
      expect((await auth.call(method, path, { as, ...(method === 'PUT' ? { body } : {}) })).status).toBe(404);
    }
    expect(await signIn(owner)).toBeUndefined();
    // The recovery codes went with the last factor.
    expect((await auth.call('GET', MFA, { as })).body).toMatchObject({
      webauthn_credentials: 0,
      recovery_codes: 0,
    });
    const changes = (await auth.trail()).filter(record => record.message['targetUserID'] === owner.person.id);
    expect(changes.map(record => record.message['change'])).toEqual([
      'passkey added',
      'passkey renamed',
      'passkey removed',
    ]);
  });

  test('of another person are not there, without the permission', async () => {
    const [mine, theirs] = [await withPasskey(), await withPasskey()];
    const as = await mine.person.bearer();
    const calls = (path: string, id: string): [string, string, unknown?][] => [
      ['GET', path],
      ['GET', `${path}/${id}`],
      ['PUT', `${path}/${id}`, { name: 'stolen' }],
      ['DELETE', `${path}/${id}`],
    ];
    const attempts = [
      ...calls(passkeysOf(theirs.person.id), theirs.id),
      ...calls(passkeysOf(randomUUID()), theirs.id),
      // Their id under one's own name.
      ...calls(passkeysOf('current'), theirs.id).slice(1),
      ...calls(passkeysOf(mine.person.id), theirs.id).slice(1),
    ];
    for (const [method, path, body] of attempts) {
      const answer = await auth.call(method, path, { as, body });
      expect([method, path, answer.status]).toEqual([method, path, 404]);
    }
    expect(await signIn(theirs)).toBeDefined();
  });

  test('of another person are managed with the permission', async () => {
    const theirs = await withPasskey();
    const { bearer: as } = await auth.clientWith('webauthn-credentials-manage');
    const path = `${passkeysOf(theirs.person.id)}/${theirs.id}`;
    expect((await auth.call('GET', passkeysOf(theirs.person.id), { as })).body['count']).toBe(1);
    expect((await auth.call('PUT', path, { as, body: { name: 'lost' } })).status).toBe(200);
    expect((await auth.call('GET', path, { as })).body).toMatchObject({ name: 'lost' });
    expect((await auth.call('DELETE', path, { as })).status).toBe(200);
    expect((await auth.call('GET', passkeysOf(randomUUID()), { as })).status).toBe(404);
    // A program has none of its own.
    expect((await auth.call('GET', passkeysOf('current'), { as })).status).toBe(403);
    expect((await auth.call('GET', passkeysOf('everybody'), { as })).status).toBe(400);
  });

  test('of somebody with more rights are left alone', async () => {
    const powerful = await withPasskey({}, await people.create('settings-manage'));
    const { bearer: as } = await auth.clientWith('webauthn-credentials-manage');
    const path = `${passkeysOf(powerful.person.id)}/${powerful.id}`;
    for (const method of ['PUT', 'DELETE']) {
      const { status, body } = await auth.call(method, path, { as, body: { name: 'x' } });
      expect([method, status, body['error_code']]).toEqual([method, 403, 'PERMISSION_DENIED']);
    }
    expect((await auth.call('GET', path, { as })).body).toMatchObject({ name: 'key' });
  });

  test('of one’s own are changed after a sign-in of late', async () => {
    const { person, id } = await withPasskey();
    const as = await person.bearer(901);
    for (const [method, body] of [['PUT', { name: 'x' }], ['DELETE']] as const) {
      const answer = await auth.call(method, `${passkeysOf(person.id)}/${id}`, { as, body });
      expect([answer.status, answer.body['error_code']]).toEqual([403, 'STEP_UP_REQUIRED']);
    }
  });
});
