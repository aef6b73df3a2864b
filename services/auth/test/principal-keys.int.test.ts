import { createPublicKey, generateKeyPairSync, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { staticRootKey } from '@strongroom/crypto/root-key';
import { openLiveKeyring } from '@strongroom/keys/live-keyring';
import sshpk from 'sshpk';
import { openSecret } from '../src/domain/sealed-secret.ts';
import { parsePrivateKey } from '../src/domain/ssh-key.ts';
import { makeRole } from './people-rows.ts';
import { ROLES, startTestAuth, type TestAuth } from './support.ts';

let auth: TestAuth;

beforeAll(async () => {
  auth = await startTestAuth();
});
afterAll(() => auth.stop());

const keysOf = (roleId: string) => `${ROLES}/${roleId}/principalkeys`;
const pemOf = (bits: number) =>
  generateKeyPairSync('rsa', { modulusLength: bits })
    .privateKey.export({ type: 'pkcs8', format: 'pem' })
    .toString();

async function privateHalf(id: string): Promise<string> {
  const [row] = await auth.superuser.query<{ sealed: Buffer }>(
    'SELECT sealed_private_key AS sealed FROM principal_keys WHERE id = $1',
    [id],
  );
  const keyring = await openLiveKeyring({
    db: auth.superuser,
    schema: 'auth',
    rootKeys: staticRootKey(auth.secrets.rootKey),
    now: () => new Date(),
  });
  return openSecret(keyring, { table: 'principal_keys', field: 'private_key' }, id, row!.sealed);
}

describe('a key pair of a role (contract 4.1)', () => {
  test('is generated, listed, read and deleted', async () => {
    const roleId = await makeRole(auth);
    expect((await auth.call('GET', keysOf(roleId))).body).toEqual({ count: 0, items: [] });
    // Clients send no body.
    const made = await auth.call('POST', `${keysOf(roleId)}/generate`);
    expect([made.status, made.body]).toEqual([201, { id: expect.stringMatching(/^[0-9a-f-]{36}$/) }]);
    const id = String(made.body['id']);
    const path = `${keysOf(roleId)}/${id}`;
    expect(made.headers.get('location')).toBe(path);

    const { body, status } = await auth.call('GET', path);
    expect([status, body]).toEqual([
      200,
      { id, public_key: expect.stringMatching(/^ssh-rsa [A-Za-z0-9+/]+=*$/) },
    ]);
    const publicKey = String(body['public_key']);
    expect(sshpk.parseKey(publicKey, 'ssh')).toMatchObject({ type: 'rsa', size: 3_072 });
    expect((await auth.call('GET', keysOf(roleId))).body).toEqual({ count: 1, items: [body] });

    // Both halves belong together, and the private one is sealed.
    const pem = await privateHalf(id);
    expect(parsePrivateKey(pem)?.publicLine).toBe(publicKey);
    const [row] = await auth.superuser.query<{ text: string }>(
      'SELECT principal_keys::text AS text FROM principal_keys WHERE id = $1',
      [id],
    );
    expect(row?.text).not.toContain(Buffer.from('PRIVATE KEY').toString('hex'));

    // The role shows its public keys; what clients send back of them is dropped.
    const role = (await auth.call('GET', `${ROLES}/${roleId}`)).body;
    expect(role['principal_public_key_strings']).toEqual([publicKey]);
    const listed = (await auth.call('POST', `${ROLES}/resolve`, { body: [role['name']] })).body;
    expect(listed['items']).toMatchObject([{ principal_public_key_strings: [publicKey] }]);
    await auth.call('PUT', `${ROLES}/${roleId}`, {
      body: { ...role, principal_public_key_strings: [publicKey, 'ssh-rsa AAAA'] },
    });
    expect((await auth.call('GET', `${ROLES}/${roleId}`)).body).toMatchObject({
      principal_public_key_strings: [publicKey],
    });

    const other = await makeRole(auth);
    for (const method of ['GET', 'DELETE']) {
      expect((await auth.call(method, `${keysOf(other)}/${id}`)).status).toBe(404);
    }
    const deleted = await auth.call('DELETE', path);
    expect([deleted.status, deleted.text]).toEqual([200, '']);
    for (const method of ['GET', 'DELETE']) {
      const answer = await auth.call(method, path);
      expect([answer.status, answer.body['error_code']]).toEqual([404, 'OBJECT_NOT_FOUND']);
    }
    const records = (await auth.trail()).filter(record => record.message['keyID'] === id);
    expect(records.map(record => [record.code, record.message['roleID']])).toEqual([
      [5021, roleId],
      [5022, roleId],
    ]);
    expect(JSON.stringify(auth.events)).not.toContain('PRIVATE KEY');
  });

  test('is imported, PEM or OpenSSH, and the private half never shown', async () => {
    const roleId = await makeRole(auth);
    const pem = pemOf(2_048);
    const openssh = sshpk.parsePrivateKey(pem, 'pem').toString('openssh');
    const line = sshpk.parseKey(
      createPublicKey(pem).export({ type: 'spki', format: 'pem' }).toString(),
      'pem',
    );
    for (const private_key of [pem, openssh]) {
      const made = await auth.call('POST', `${keysOf(roleId)}/import`, { body: { private_key } });
      expect(made.status).toBe(201);
      const id = String(made.body['id']);
      const read = await auth.call('GET', `${keysOf(roleId)}/${id}`);
      expect(line.toString('ssh')).toContain(read.body['public_key']);
      expect(read.text + made.text).not.toContain('PRIVATE');
      expect(await privateHalf(id)).toBe(pem);
    }
  });

  test('that is garbage, encrypted or too weak is refused, and not repeated', async () => {
    const roleId = await makeRole(auth);
    const encrypted = generateKeyPairSync('rsa', { modulusLength: 2_048 }).privateKey.export({
      type: 'pkcs8',
      format: 'pem',
      cipher: 'aes-256-cbc',
      passphrase: 'plum',
    });
    for (const private_key of ['plum', '', pemOf(1_024), encrypted.toString()]) {
      const { status, body, text } = await auth.call('POST', `${keysOf(roleId)}/import`, {
        body: { private_key },
      });
      expect([status, body['property']]).toEqual([400, 'private_key']);
      expect(text).not.toMatch(/plum|BEGIN/);
    }
    for (const body of [{}, { private_key: null }, { private_key: 5 }, { private_key: 'x'.repeat(16_385) }]) {
      expect((await auth.call('POST', `${keysOf(roleId)}/import`, { body })).status).toBe(400);
    }
    expect((await auth.call('GET', keysOf(roleId))).body['count']).toBe(0);
  });

  test('of no role', async () => {
    const none = keysOf(randomUUID());
    for (const [method, path, body] of [
      ['GET', none],
      ['POST', `${none}/generate`],
      ['POST', `${none}/import`, { private_key: pemOf(2_048) }],
    ] as const) {
      expect((await auth.call(method, path, { body })).status).toBe(404);
    }
  });

  test('goes with its role', async () => {
    const roleId = await makeRole(auth);
    const { body } = await auth.call('POST', `${keysOf(roleId)}/import`, {
      body: { private_key: pemOf(2_048) },
    });
    await auth.call('DELETE', `${ROLES}/${roleId}`);
    expect(await auth.superuser.query('SELECT id FROM principal_keys WHERE id = $1', [body['id']])).toEqual(
      [],
    );
  });
});

test('many at once wait for each other; too many are sent away', async () => {
  const roleId = await makeRole(auth);
  const answers = await Promise.all(
    Array.from({ length: 20 }, () => auth.call('POST', `${keysOf(roleId)}/generate`)),
  );
  const statuses = answers.map(answer => answer.status);
  expect(new Set(statuses)).toEqual(new Set([201, 503]));
  const made = statuses.filter(status => status === 201).length;
  expect(made).toBeGreaterThanOrEqual(16);
  expect((await auth.call('GET', keysOf(roleId))).body['count']).toBe(made);
  expect(answers.find(answer => answer.status === 503)?.body['error_code']).toBe('MAX_LOAD');
}, 120_000);

test('keys are viewed by those who view roles and changed by those who manage them', async () => {
  const roleId = await makeRole(auth);
  const { body } = await auth.call('POST', `${keysOf(roleId)}/import`, {
    body: { private_key: pemOf(2_048) },
  });
  const path = `${keysOf(roleId)}/${String(body['id'])}`;
  const viewer = (await auth.clientWith('roles-view')).bearer;
  const other = (await auth.clientWith('users-manage', 'vault-manage')).bearer;
  for (const [method, target, viewing] of [
    ['GET', keysOf(roleId), 200],
    ['GET', path, 200],
    ['POST', `${keysOf(roleId)}/generate`, 403],
    ['POST', `${keysOf(roleId)}/import`, 403],
    ['DELETE', path, 403],
  ] as const) {
    expect([target, (await auth.call(method, target, { as: viewer })).status]).toEqual([target, viewing]);
    expect([target, (await auth.call(method, target, { as: other })).status]).toEqual([target, 403]);
  }
  const strong = await makeRole(auth, { permissions: ['vault-manage'] });
  const { bearer: as } = await auth.clientWith('roles-manage');
  const imported = { as, body: { private_key: pemOf(2_048) } };
  expect((await auth.call('POST', `${keysOf(roleId)}/import`, imported)).status).toBe(201);
  expect((await auth.call('POST', `${keysOf(strong)}/import`, imported)).status).toBe(403);
});
