import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { fingerprint } from '@strongroom/crypto/root-key';
import { SecretBytes } from '@strongroom/crypto/secret-bytes';
import { eventually } from '@strongroom/testing/eventually';
import { generateSync } from 'otplib';
import { confirmTotp, startTotp } from '../src/operations/second-factor-setup.ts';
import { checkTotp } from '../src/operations/second-factor.ts';
import { SEALED_COLUMNS } from '../src/store/sealed-columns.ts';
import { openPeople, type People } from './person.ts';
import { API_CLIENTS, ROLES, startTestAuth, uniqueName, type TestAuth } from './support.ts';

const KEYS = '/auth/api/v1/keys';
const SOURCES = '/role-store/api/v1/sources';
const TRUSTED = '/local-user-store/api/v1/trusted-clients';
const APPLICATIONS = '/auth/api/v1/idp/clients';

let auth: TestAuth;
let people: People;
let now = new Date('2026-05-01T08:00:10.000Z');
beforeEach(async () => {
  auth = await startTestAuth({ now: () => now });
  people = await openPeople(auth, () => now);
});
afterEach(() => auth.stop());

const rotation = async () =>
  (await auth.call('GET', KEYS)).body['rotation'] as Record<string, unknown> | undefined;
const rotate = async () => {
  const answer = await auth.call('POST', `${KEYS}/rotate`);
  expect(answer.status).toBe(200);
  return answer.body;
};
const finished = () => eventually('it is finished', async () => (await rotation())?.['state'] === 'finished');
const underKey = (keyId: number) =>
  Promise.all(SEALED_COLUMNS.map(column => column.count(auth.superuser, keyId)));
const codeOf = (seed: string) => generateSync({ secret: seed, epoch: now.getTime() / 1_000 });
const nextStep = () => {
  now = new Date(now.getTime() + 30_000);
};

/** One of each kind of sealed value, by how it is read again. */
async function makeOneOfEach() {
  const post = async (path: string, body: Record<string, unknown>) => {
    const made = await auth.call('POST', path, { body: { name: uniqueName('keys'), ...body } });
    expect(made.status).toBe(201);
    return `${path}/${String(made.body['id'])}`;
  };
  const paths = [
    await post(SOURCES, { connection: { type: 'LDAP', password: 'of another system' } }),
    await post(TRUSTED, { type: 'EXTENDER' }),
    await post(APPLICATIONS, { oidc_allowed_redirect_uris: ['https://app.test/back'] }),
    `${API_CLIENTS}/${auth.secrets.bootstrap.api_client.id}`,
  ];
  const { roleId } = await auth.clientWith('roles-view');
  await auth.call('POST', `${ROLES}/${roleId}/principalkeys/generate`);
  return paths;
}
const readAll = async (paths: readonly string[]) => {
  const answers = await Promise.all(paths.map(path => auth.call('GET', path)));
  expect(answers.map(({ status }) => status)).toEqual(paths.map(() => 200));
  return answers.map(({ body }) => body);
};

describe('the keys of auth', () => {
  test('are rotated under every kind of value, and all open as before', async () => {
    const paths = await makeOneOfEach();
    const person = await people.create();
    const { seed } = await startTotp(people.ctx, person);
    const before = await readAll(paths);
    expect((await underKey(1)).every(count => count > 0)).toBe(true);

    expect(await rotate()).toMatchObject({ from_key: 1, to_key: 2, state: 'running' });
    await finished();
    expect(await underKey(1)).toEqual(SEALED_COLUMNS.map(() => 0));
    expect((await underKey(2)).every(count => count > 0)).toBe(true);
    expect(await readAll(paths)).toEqual(before);
    // Of another replica, which knows the new key by what it reads.
    expect(await confirmTotp(people.ctx, person.id, codeOf(seed))).toHaveLength(10);
    nextStep();
    expect(await checkTotp(people.ctx, person.id, codeOf(seed))).toBe(true);
    // Signing keys, and the secrets by which programs sign in.
    const started = await auth.startReplica();
    expect((await auth.signIn()).status).toBe(200);
    expect((await auth.signIn(await auth.clientWith('roles-view'))).status).toBe(200);
    await started.stop();
    const records = (await auth.trail()).filter(({ code }) => code === 5082 || code === 5083);
    expect(records.map(({ message }) => message)).toMatchObject([
      { fromKey: '1', toKey: '2' },
      { fromKey: '1', toKey: '2', valuesUnderOldKey: '0' },
    ]);
  });

  test('are found by a replica that seals by a retired one', async () => {
    const person = await people.create();
    await rotate();
    await finished();
    expect(people.ctx.keyring.activeId).toBe(1);
    const { seed } = await startTotp(people.ctx, person);
    expect(people.ctx.keyring.activeId).toBe(2);
    expect(await confirmTotp(people.ctx, person.id, codeOf(seed))).toHaveLength(10);
  });

  test('may change between the look at a seed and the use of its code', async () => {
    const person = await people.create();
    const { seed } = await startTotp(people.ctx, person);
    await confirmTotp(people.ctx, person.id, codeOf(seed));
    nextStep();
    const { db, keyring } = people.ctx;
    // Whoever opens the seed has read it before the rotation, and spends the code after it.
    const have = async (keyId: number) => {
      await keyring.have(keyId);
      await rotate();
      await finished();
    };
    const ctx = {
      ...people.ctx,
      db,
      keyring: Object.assign(Object.create(keyring), { have }) as typeof keyring,
    };
    expect(await checkTotp(ctx, person.id, codeOf(seed))).toBe(true);
    expect(await checkTotp(people.ctx, person.id, codeOf(seed))).toBe(false);
  });

  test('let a row that does not open hold up the proof, and say so', async () => {
    const { id } = await auth.clientWith('roles-view');
    await auth.superuser.transaction(async tx => {
      await tx.query(`SELECT set_config('session_replication_role', 'replica', true)`);
      await tx.query('UPDATE api_clients SET sealed_secret = substr(sealed_secret, 1, 20) WHERE id = $1', [
        id,
      ]);
    });
    await rotate();
    await eventually('it is told', async () => (await rotation())?.['unreadable'] === 1);
    expect((await auth.call('GET', KEYS)).body).toMatchObject({
      items: [
        { id: 1, state: 'retired', values: 1 },
        { id: 2, state: 'active' },
      ],
      rotation: { state: 'running' },
    });
    await auth.call('DELETE', `${API_CLIENTS}/${id}`);
    await finished();
  });

  test('are wrapped by the new root key when somebody asks for it', async () => {
    const next = new SecretBytes(Buffer.alloc(32, 5));
    const replica = await auth.startReplica({ newRootKey: () => next });
    const authorization = (await auth.signIn()).body['access_token'] as string;
    const ask = () =>
      fetch(`${replica.url}${KEYS}/rotate-root`, {
        method: 'POST',
        headers: { authorization: `Bearer ${authorization}` },
      }).then(response => response.json());
    expect(await ask()).toEqual({
      from_fingerprints: [fingerprint(auth.secrets.rootKey)],
      to_fingerprint: fingerprint(next),
      rewrapped: 1,
      keys_under_other_root_keys: 0,
    });
    expect(await ask()).toMatchObject({ rewrapped: 0 });
    await expect(auth.startReplica()).rejects.toMatchObject({ name: 'WrongRootKeyError' });
    const restarted = await auth.startReplica({ rootKey: next });
    await restarted.stop();
    expect((await auth.signIn()).status).toBe(200);
  });

  test('are for who may manage the settings', async () => {
    const { bearer } = await auth.clientWith('settings-view', 'users-manage');
    for (const [method, path] of [
      ['GET', KEYS],
      ['POST', `${KEYS}/rotate`],
      ['POST', `${KEYS}/rotate-root`],
    ] as const) {
      expect((await auth.call(method, path, { as: bearer })).status).toBe(403);
    }
  });
});
