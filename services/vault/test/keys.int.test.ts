import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createMemoryBus } from '@strongroom/bus/memory-bus';
import { fingerprint } from '@strongroom/crypto/root-key';
import { SecretBytes } from '@strongroom/crypto/secret-bytes';
import { createLogger } from '@strongroom/log/logger';
import { newRootKey } from '@strongroom/service/root-key-settings';
import { eventually } from '@strongroom/testing/eventually';
import { filesOf, FILES } from './files.ts';
import { beginForm, filePart, formBytes, metadataPart } from './forms.ts';
import { API, createFolder } from './secrets-safe.ts';
import { pathOf, SECRETS, startTestVault, uniqueName, type Answer, type TestVault } from './support.ts';

const KEYS = '/vault/api/v1/keys';
const ROTATE = `${KEYS}/rotate`;
const ROTATE_ROOT = `${KEYS}/rotate-root`;
const randomKey = () => new SecretBytes(randomBytes(32));

let vault: TestVault;
let admin: string;
/** The setting of every replica, or the content of its file. */
let given: string | undefined;
beforeEach(async () => {
  given = undefined;
  vault = await startTestVault({ newRootKey: newRootKey(() => given) });
  admin = await vault.issuer.bearer({ permissions: ['settings-manage'] });
});
afterEach(() => vault.stop());

const ask = (method: string, route: string, at?: string) => vault.call(method, route, { as: admin }, at);
const keys = async (at?: string) => (await ask('GET', KEYS, at)).body as unknown as KeysBody;
interface KeysBody {
  count: number;
  items: { id: number; state: string; values: number; root_key_fingerprint: string }[];
  root_key: { fingerprint: string; new_fingerprint?: string };
  rotation?: Record<string, unknown>;
}
const finished = () =>
  eventually('the rotation is finished', async () => (await keys()).rotation?.['state'] === 'finished');

async function create(value: string, at?: string): Promise<string> {
  const name = uniqueName('keys');
  const body = { name, data: { value }, read_roles: [vault.role], write_roles: [vault.role] };
  expect((await vault.call('POST', SECRETS, { body }, at)).status).toBe(201);
  return name;
}
const valueOf = (answer: Answer) => (answer.body['data'] as { value?: string } | undefined)?.value;
const read = async (name: string, at?: string) => valueOf(await vault.call('GET', pathOf(name), {}, at));
const keyIds = async () =>
  (await vault.superuser.query<{ id: number }>('SELECT DISTINCT key_id AS id FROM secret_versions')).map(
    ({ id }) => id,
  );

describe('keys', () => {
  test('are shown to who may manage the settings, and to nobody else', async () => {
    await create('one');
    await create('two');
    const { status, body } = await ask('GET', KEYS);
    expect([status, body]).toEqual([
      200,
      {
        count: 1,
        items: [
          {
            id: 1,
            state: 'active',
            created: expect.any(String),
            values: 2,
            root_key_fingerprint: fingerprint(vault.secrets.rootKey),
          },
        ],
        root_key: { fingerprint: fingerprint(vault.secrets.rootKey) },
      },
    ]);
    const other = await vault.issuer.bearer({ permissions: ['vault-manage', 'settings-view'] });
    for (const [method, route] of [
      ['GET', KEYS],
      ['POST', ROTATE],
      ['POST', ROTATE_ROOT],
    ] as const) {
      expect((await vault.call(method, route, { as: other })).status).toBe(403);
      expect((await vault.call(method, route, { as: null })).status).toBe(401);
    }
    expect((await keys()).items.map(({ id }) => id)).toEqual([1]);
  });

  test('are rotated while two replicas read and write; nothing fails, and it ends with the proof', async () => {
    const replica = await vault.startReplica();
    const places = [vault.url, replica.url];
    const names: string[] = [];
    for (let index = 0; index < 60; index += 1) names.push(await create(`value ${index}`));
    for (const name of names) await vault.call('PUT', pathOf(name), { body: { data: { value: 'second' } } });
    const ciphertexts = () =>
      vault.superuser.query('SELECT secret_id, version, ciphertext FROM secret_versions ORDER BY 1, 2');
    const before = await ciphertexts();

    let isDone = false;
    const failures: unknown[] = [];
    let calls = 0;
    const work = async (at: string, worker: number) => {
      const own = await create('0', at);
      for (let round = 1; !isDone; round += 1) {
        const write = await vault.call('PUT', pathOf(own), { body: { data: { value: String(round) } } }, at);
        const back = await vault.call('GET', pathOf(own), {}, places[round % 2]);
        const old = await vault.call('GET', pathOf(names[(round + worker) % names.length]!), {}, at);
        if (write.status !== 200 || valueOf(back) !== String(round) || valueOf(old) !== 'second') {
          failures.push([write.text, back.text, old.text]);
        }
        calls += 3;
      }
    };
    const load = Promise.all([0, 1, 2, 3].map(worker => work(places[worker % 2]!, worker)));
    const started = await ask('POST', ROTATE, replica.url);
    expect(started.status).toBe(200);
    expect(started.body).toMatchObject({ state: 'running', from_key: 1, to_key: 2, rewrapped: 0 });
    await finished();
    const callsThen = calls;
    await eventually('the load goes on', () => calls > callsThen + 20);
    isDone = true;
    await load;

    expect(failures).toEqual([]);
    expect(await keyIds()).toEqual([2]);
    const after = new Set((await ciphertexts()).map(row => JSON.stringify(row)));
    expect(before.filter(row => !after.has(JSON.stringify(row)))).toEqual([]);
    const { items, rotation } = await keys();
    expect(items).toMatchObject([{ id: 2, state: 'active' }]);
    expect(rotation).toMatchObject({ id: started.body['id'], values_under_old_key: 0, unreadable: 0 });
    expect(rotation?.['rewrapped']).toBeGreaterThanOrEqual(120);
    const records = (await vault.trail()).filter(({ name }) => name.startsWith('Vault-key'));
    expect(records.filter(({ name }) => name !== 'Vault-keys-read')).toMatchObject([
      { code: 5112, message: { fromKey: '1', toKey: '2', userID: expect.any(String) } },
      { code: 5113, message: { fromKey: '1', toKey: '2', valuesUnderOldKey: '0' } },
    ]);
    expect(records.some(({ code }) => code === 5111)).toBe(true);
  });

  test('that another replica made are found when they are needed: by a read, and by a write that is refused', async () => {
    const stale = await vault.startReplica();
    const name = await create('one');
    await ask('POST', ROTATE);
    await finished();
    // Retired and gone in the database, and still the active one of the stale replica.
    expect(
      (await vault.call('PUT', pathOf(name), { body: { data: { value: 'two' } } }, stale.url)).status,
    ).toBe(200);
    expect(await read(name)).toBe('two');
    const reader = await vault.startReplica();
    const files = await filesOf(vault);
    const withFile = await files.create();
    await ask('POST', ROTATE);
    await finished();
    const putFile = (content: string) =>
      fetch(`${reader.url}${pathOf(withFile, FILES)}`, {
        method: 'PUT',
        headers: { authorization: files.as, 'content-type': 'text/plain' },
        body: content,
      });
    expect((await putFile('content')).status).toBe(200);
    expect((await files.get(withFile)).bytes.toString()).toBe('content');
    expect(await read(name, reader.url)).toBe('two');
    expect(await create('three', reader.url)).toContain('keys');
    expect(await keyIds()).toEqual([3]);
  });

  test('asked to rotate twice, answers the one that runs', async () => {
    await create('one');
    await vault.superuser.transaction(async tx => {
      await tx.query('SELECT 1 FROM secret_versions FOR UPDATE');
      const first = await ask('POST', ROTATE);
      const second = await ask('POST', ROTATE);
      expect([first.body['state'], second.body['id']]).toEqual(['running', first.body['id']]);
      const { items } = await keys();
      expect(items).toMatchObject([
        { id: 1, state: 'retired', values: 1 },
        { id: 2, state: 'active', values: 0 },
      ]);
    });
    await finished();
    // Whoever asks is on the record, also when nothing was started.
    const codes = (await vault.trail())
      .filter(({ code }) => code >= 5111 && code <= 5113)
      .map(({ code }) => code);
    expect(codes.slice(0, 3)).toEqual([5112, 5111, 5111]);
    expect(codes.filter(code => code !== 5111)).toEqual([5112, 5113]);
  });

  test('wrap files, too, and uploads under way, with the same bytes before and after', async () => {
    const files = await filesOf(vault);
    const name = await files.create({ user: 'root' });
    const content = randomBytes(200_000);
    expect((await files.put(name, content)).status).toBe(200);
    const slow = files.begin(await files.create());
    slow.request.write(content.subarray(0, 150_000));
    const uploads = () => vault.superuser.query('SELECT id FROM files WHERE description IS NULL');
    await eventually('the upload has begun', async () => (await uploads()).length === 1);

    // One whose secret is not there yet, too.
    const folder = await createFolder(vault, uniqueName('safe'));
    const url = `${vault.url}${API}/folders/${folder.id}/secrets/file`;
    const first = beginForm('POST', url, files.as);
    const form = formBytes([filePart(content), metadataPart({ Title: 'first' })]);
    first.request.write(form.subarray(0, 150_000));
    await eventually('that has begun, too', async () => (await uploads()).length === 2);

    expect((await ask('POST', ROTATE)).body).toMatchObject({ total: 6 });
    await finished();
    slow.request.end(content.subarray(150_000));
    first.request.end(form.subarray(150_000));
    expect([await slow.status, await first.status]).toEqual([200, 201]);
    expect((await files.get(`${folder.path}/first`)).bytes.equals(content)).toBe(true);
    expect((await files.get(name)).bytes.equals(content)).toBe(true);
    const replica = await vault.startReplica();
    const read = await vault.call('GET', pathOf(name), {}, replica.url);
    expect(read.status).toBe(200);
    const underKeys = await vault.superuser.query('SELECT key_id, count(*)::integer FROM files GROUP BY 1');
    expect(underKeys).toEqual([{ key_id: 2, count: 3 }]);
  });

  test('leave destroyed versions alone', async () => {
    const name = await create('one');
    await vault.superuser.query(
      `UPDATE secret_versions SET key_id = NULL, wrapped_key = NULL, ciphertext = NULL, destroyed_at = now()`,
    );
    await ask('POST', ROTATE);
    await finished();
    expect((await vault.call('GET', pathOf(name))).status).toBe(404);
    expect((await keys()).rotation).toMatchObject({ total: 0, rewrapped: 0 });
  });
});

describe('the root key', () => {
  const next = randomKey();
  const text = (key: SecretBytes) => key.reveal().toString('base64url');

  test('is changed while vault runs, as soon as the new one is there, and once', async () => {
    const replica = await vault.startReplica();
    const [name, secret] = [await create('one'), vault.secrets.rootKey];
    expect((await ask('POST', ROTATE_ROOT, replica.url)).body).toMatchObject({
      error_code: 'NEW_ROOT_KEY_MISSING',
    });
    given = 'plum';
    const invalid = await ask('POST', ROTATE_ROOT, replica.url);
    expect([invalid.status, invalid.body['error_code']]).toEqual([409, 'NEW_ROOT_KEY_INVALID']);
    expect(invalid.text).not.toContain('plum');
    given = text(next);
    expect((await keys(replica.url)).root_key).toEqual({
      fingerprint: fingerprint(secret),
      new_fingerprint: fingerprint(next),
    });

    const changed = await ask('POST', ROTATE_ROOT, replica.url);
    expect([changed.status, changed.body]).toEqual([
      200,
      {
        from_fingerprints: [fingerprint(secret)],
        to_fingerprint: fingerprint(next),
        rewrapped: 1,
        keys_under_other_root_keys: 0,
      },
    ]);
    expect((await ask('POST', ROTATE_ROOT, replica.url)).body).toMatchObject({
      from_fingerprints: [],
      rewrapped: 0,
      keys_under_other_root_keys: 0,
    });
    expect((await keys()).items).toMatchObject([{ id: 1, root_key_fingerprint: fingerprint(next) }]);
    expect(await read(name, replica.url)).toBe('one');
    // A new key stays under the new root key, though the setting still says the old one.
    await ask('POST', ROTATE, replica.url);
    await finished();
    expect((await keys()).items).toMatchObject([{ id: 2, root_key_fingerprint: fingerprint(next) }]);
    expect(await read(name, replica.url)).toBe('one');
    const changes = (await vault.trail()).filter(({ code }) => code === 5114);
    expect(changes.map(({ message }) => message)).toMatchObject([
      { fromFingerprint: fingerprint(secret), toFingerprint: fingerprint(next), rewrapped: '1' },
      { fromFingerprint: '', toFingerprint: fingerprint(next), rewrapped: '0', keysUnderOtherRootKeys: '0' },
    ]);
  });

  test('in the place of the old one starts vault; the old one alone does not', async () => {
    const name = await create('one');
    given = text(next);
    await ask('POST', ROTATE_ROOT);
    const rows = () => vault.superuser.query('SELECT * FROM key_encryption_keys');
    const before = await rows();
    given = undefined;
    await expect(vault.startReplica()).rejects.toThrow(fingerprint(next));
    expect(await rows()).toEqual(before);
    // With the new one alone, with both, and with the new one twice.
    for (const [rootKey, newKey] of [
      [next, undefined],
      [vault.secrets.rootKey, text(next)],
      [next, text(next)],
    ] as const) {
      given = newKey;
      const started = await vault.startReplica({ rootKey });
      expect(await read(name, started.url)).toBe('one');
      expect(await create('two', started.url)).toContain('keys');
    }
    // One that has served since before goes on, though the file of the new key is gone.
    given = undefined;
    await ask('POST', ROTATE);
    await finished();
    expect(await read(name)).toBe('one');
  });

  test('that is wrong does not start vault, given as the old or as the new one', async () => {
    const before = await vault.superuser.query('SELECT * FROM key_encryption_keys');
    given = text(randomKey());
    const wrong = { rootKey: randomKey() };
    await expect(vault.startReplica(wrong)).rejects.toMatchObject({ name: 'WrongRootKeyError' });
    expect(await vault.superuser.query('SELECT * FROM key_encryption_keys')).toEqual(before);
  });

  test('and all other keys are in no answer, no record, no log line and no table', async () => {
    given = text(next);
    const directory = await mkdtemp(path.join(tmpdir(), 'strongroom-keys-'));
    const file = path.join(directory, 'vault.log');
    const log = createLogger({ level: 'debug', file: { path: file, maxBytes: 10_000_000, maxFiles: 1 } });
    const bus = createMemoryBus([]);
    const told: unknown[] = [];
    await bus.subscribe({
      queue: 'test.keys',
      types: ['*.*.*'],
      handle: events => {
        told.push(...events);
        return Promise.resolve();
      },
    });
    const replica = await vault.startReplica({}, { bus, log });
    const answers = [
      await ask('POST', ROTATE, replica.url),
      await ask('POST', ROTATE_ROOT, replica.url),
      await ask('GET', KEYS, replica.url),
      await ask('POST', `${KEYS}/${text(next)}`, replica.url),
    ];
    await finished();
    await vault.trail();
    await replica.stop();
    await log.close();
    const rows = await vault.superuser.query('SELECT k::text FROM key_encryption_keys k');
    const wrapped = await vault.superuser.query<{ wrapped: Buffer }>(
      'SELECT wrapped FROM key_encryption_keys',
    );
    const places = [
      JSON.stringify(answers.slice(0, 3)),
      JSON.stringify(told) + JSON.stringify(vault.events),
      await readFile(file, 'utf8'),
    ];
    await rm(directory, { recursive: true });
    expect(places[2]).toContain('listening');
    const secrets = [vault.secrets.rootKey.reveal(), next.reveal(), ...wrapped.map(row => row.wrapped)];
    for (const form of ['hex', 'base64', 'base64url'] as const) {
      for (const secret of secrets) {
        for (const place of places) expect(place).not.toContain(secret.toString(form));
      }
      for (const secret of secrets.slice(0, 2))
        expect(JSON.stringify(rows)).not.toContain(secret.toString(form));
    }
  });
});
