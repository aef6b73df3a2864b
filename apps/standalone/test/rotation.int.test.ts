import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createMemoryBus } from '@strongroom/bus/memory-bus';
import { CREDENTIALS_ROLE } from '@strongroom/contracts/credentials-role';
import { ROTATIONS_QUEUE } from '@strongroom/contracts/queues';
import type { RunningService } from '@strongroom/service/serve';
import { eventually } from '@strongroom/testing/eventually';
import { canStartSshd, startSshd, type TestSshd } from '@strongroom/testing/sshd';
import { startProcess } from '../../cluster/test/processes.ts';
import { openTarget } from '../../../services/secrets-manager/src/targets/open-target.ts';
import { describeHostKey } from '../../../services/secrets-manager/src/targets/host-key.ts';
import { readHostKey } from '../../../services/secrets-manager/src/targets/ssh-target.ts';
import {
  addHost,
  HOSTS,
  SECRETS_MANAGER,
  startRotationLab,
  type Json,
  type RotationLab,
} from './rotation-lab.ts';

/** Rotations on a real sshd, by two replicas with a real vault. */

const network = { allowLoopback: true };
const INITIAL = 'Initial-Password-1';

const sshdHere = await canStartSshd();
const onSshd = sshdHere ? describe : describe.skip;

let lab: RotationLab;
let managers: RunningService[];
let manager: string;

beforeAll(async () => {
  lab = await startRotationLab();
  await startManagers();
});
afterAll(async () => {
  for (const each of managers) await each.stop();
  await lab.stop();
});

async function startManagers(): Promise<void> {
  const bus = createMemoryBus([ROTATIONS_QUEUE]);
  managers = [await lab.startManager(bus), await lab.startManager(bus)];
  manager = managers[0]?.url ?? '';
}

const post = (path: string, body?: unknown) => lab.call(manager, 'POST', `${SECRETS_MANAGER}/${path}`, body);
const rotate = async (hostId: string, account: string) =>
  expect(await post(`rotate/${hostId}/${encodeURIComponent(account)}`)).toMatchObject({
    status: 200,
    text: '',
  });

async function statusOf(hostId: string, account: string): Promise<Json> {
  const { body } = await lab.call(manager, 'GET', `${HOSTS}/${hostId}`);
  // While the database is away there is none.
  const { rotation_status = [] } = (body['password_rotation'] ?? {}) as { rotation_status?: Json[] };
  return rotation_status.find(({ principal }) => principal === account) ?? {};
}

/** The steps that a rotation of the account went through, in order. */
const stepsOf = async (hostId: string, account: string): Promise<string[]> =>
  (
    await lab.superuser.query<{ step: string }>(
      `SELECT rotation_steps.step FROM rotation_steps JOIN rotations ON rotations.id = rotation_id
       WHERE system_id = $1 AND account = $2 ORDER BY position`,
      [hostId, account],
    )
  ).map(({ step }) => step);

const untilRotated = (hostId: string, account: string) =>
  eventually('it is rotated', async () => 'last_rotated' in (await statusOf(hostId, account)), 60_000);
const untilFailed = (hostId: string, account: string) =>
  eventually('it has failed', async () => 'last_error' in (await statusOf(hostId, account)), 60_000);

onSshd('on a host with sshd', () => {
  let sshd: TestSshd;
  let main: string;
  let hostKey: string;

  beforeAll(async () => {
    sshd = await startSshd();
    main = await sshd.addAccount(INITIAL, { isRoot: true });
    const place = { host: '127.0.0.1', port: sshd.port };
    hostKey = (await readHostKey(place, network, { deadlineMs: 10_000 })).publicKey;
  });
  afterAll(() => sshd.stop());

  const proof = async (account: string, password: string) => {
    const key = describeHostKey(Buffer.from(hostKey.split(' ')[1] ?? '', 'base64'));
    return openTarget({ kind: 'ssh', host: '127.0.0.1', port: sshd.port, hostKeys: [key] }, network).proves(
      account,
      password,
      { deadlineMs: 10_000 },
    );
  };
  const addSshHost = (
    accounts: readonly string[],
    more: { hostKeys?: readonly string[]; tofu?: boolean; policy?: Json; script?: string } = {},
  ) =>
    addHost(lab, manager, {
      accounts: Object.fromEntries([main, ...accounts].map(account => [account, INITIAL])),
      mainAccount: main,
      port: sshd.port,
      hostKeys: [hostKey],
      ...more,
    });

  test('several accounts at once, each exactly once, and the newest version in vault opens them', async () => {
    const accounts = await Promise.all(Array.from({ length: 5 }, () => sshd.addAccount(INITIAL)));
    const hostId = await addSshHost(accounts);
    // Twice: the second finds the first.
    await Promise.all([...accounts, ...accounts].map(account => rotate(hostId, account)));
    for (const account of accounts) {
      await untilRotated(hostId, account);
      const data = await lab.stored(`hosts/${hostId}/${account}`);
      expect(data).toMatchObject({ username: account });
      expect(await proof(account, String(data?.['password']))).toBe('opens');
      const steps = await stepsOf(hostId, account);
      expect(steps.filter(step => step === 'setting').length).toBe(
        steps.filter(step => step === 'succeeded').length,
      );
      expect(await statusOf(hostId, account)).toMatchObject({ last_error_details: '' });
    }
  });

  test('a host whose key is trusted when it is first seen', async () => {
    const account = await sshd.addAccount(INITIAL);
    const hostId = await addSshHost([account], { hostKeys: [], tofu: true });
    await rotate(hostId, account);
    await untilRotated(hostId, account);
    expect(await proof(account, INITIAL)).toBe('refused');
  });

  test('the main account itself', async () => {
    const hostId = await addSshHost([]);
    await rotate(hostId, main);
    await untilRotated(hostId, main);
    const { password } = (await lab.stored(`hosts/${hostId}/${main}`)) ?? {};
    expect(await proof(main, String(password))).toBe('opens');
    main = await sshd.addAccount(INITIAL, { isRoot: true });
  });

  test('a host that shows another key than the one that is pinned is not told anything', async () => {
    const account = await sshd.addAccount(INITIAL);
    const other = await startSshd();
    const { publicKey } = await readHostKey({ host: '127.0.0.1', port: other.port }, network, {
      deadlineMs: 10_000,
    });
    await other.stop();
    const hostId = await addSshHost([account], { hostKeys: [publicKey], policy: { number_of_retries: 0 } });
    await rotate(hostId, account);
    await untilFailed(hostId, account);
    expect(await statusOf(hostId, account)).toMatchObject({
      last_error_details: 'the host shows another key than those that are pinned',
    });
    expect(await proof(account, INITIAL)).toBe('opens');
    expect(await lab.stored(`hosts/${hostId}/${account}`)).toBeUndefined();
    const [row] = await lab.superuser.query('SELECT outcome FROM rotations WHERE account = $1', [account]);
    expect(row).toEqual({ outcome: 'failed' });
  });

  test('while vault is away nothing is touched; when it is back, the rotation goes on', async () => {
    const account = await sshd.addAccount(INITIAL);
    const hostId = await addSshHost([account]);
    await lab.stopVault();
    try {
      await rotate(hostId, account);
      await untilFailed(hostId, account);
      expect(await statusOf(hostId, account)).toMatchObject({
        last_error_details: 'vault does not answer, or refuses',
      });
      expect(await proof(account, INITIAL)).toBe('opens');
    } finally {
      await lab.startVaultAgain();
    }
    await lab.letTimePass();
    await untilRotated(hostId, account);
    expect(await proof(account, INITIAL)).toBe('refused');
  });

  /** Tells that it has begun, and takes its time. */
  const slowly = (marker: string) =>
    [
      'IFS= read -r password',
      `: > ${marker}`,
      'sleep 3',
      `printf '%s:%s\\n' {{username}} "$password" | chpasswd`,
    ].join('\n');
  const untilScriptRuns = (marker: string) => eventually('the script runs', () => existsSync(marker), 60_000);
  let directory: string;
  beforeAll(async () => {
    directory = await mkdtemp(path.join(tmpdir(), 'strongroom-rotation-'));
  });
  afterAll(() => rm(directory, { recursive: true }));

  test('kill -9 while the script runs, which sets the password afterwards: another replica finds that out', async () => {
    const account = await sshd.addAccount(INITIAL);
    const marker = path.join(directory, account);
    const hostId = await addSshHost([account], { script: slowly(marker) });
    for (const each of managers) await each.stop();
    const doomed = await startProcess('secrets-manager', lab.environment);
    try {
      await doomed.untilReady();
      expect(
        await lab.call(doomed.url, 'POST', `${SECRETS_MANAGER}/rotate/${hostId}/${account}`),
      ).toMatchObject({ status: 200 });
      await untilScriptRuns(marker);
    } finally {
      await doomed.kill();
    }
    const before = await sshd.shadowOf(account);
    await startManagers();
    await eventually('the script has ended', async () => (await sshd.shadowOf(account)) !== before, 60_000);
    // Until then nobody comes near.
    expect(await stepsOf(hostId, account)).toEqual(['preparing', 'setting']);
    await lab.letTimePass();
    await untilRotated(hostId, account);
    const { password } = (await lab.stored(`hosts/${hostId}/${account}`)) ?? {};
    expect(await proof(account, String(password))).toBe('opens');
  });

  test('the connections to the database break while the host is being told', async () => {
    const account = await sshd.addAccount(INITIAL);
    const marker = path.join(directory, account);
    const hostId = await addSshHost([account], { script: slowly(marker) });
    await rotate(hostId, account);
    await untilScriptRuns(marker);
    await lab.databases.manager.cutConnections();
    await untilRotated(hostId, account);
    const { password } = (await lab.stored(`hosts/${hostId}/${account}`)) ?? {};
    expect(await proof(account, String(password))).toBe('opens');
  });
});

describe('routes', () => {
  const account = `o'neil/"ops" %2F $(id)`;

  test('take accounts of any spelling', async () => {
    const hostId = await addHost(lab, manager, { accounts: { [account]: INITIAL }, port: 1 });
    await rotate(hostId, account);
    const [row] = await lab.superuser.query('SELECT account, trigger FROM rotations WHERE system_id = $1', [
      hostId,
    ]);
    expect(row).toEqual({ account, trigger: 'request' });
    const path = `set-password/${hostId}/${encodeURIComponent(account)}`;
    expect(await post(path, { password: 'Told-1' })).toMatchObject({ status: 200, text: '' });
    expect(await post(path, { password: 'Told-2' })).toMatchObject({ status: 200 });
    expect(await lab.stored(`hosts/${hostId}/${encodeURIComponent(account)}`)).toEqual({
      username: account,
      password: 'Told-2',
    });
  });

  test('refuse what is not there, line breaks, and hosts that are disabled', async () => {
    const hostId = await addHost(lab, manager, { accounts: { one: INITIAL } });
    for (const path of [`${hostId}/other`, `${randomUUID()}/one`]) {
      expect(await post(`rotate/${path}`)).toMatchObject({ status: 404 });
      expect(await post(`set-password/${path}`, { password: 'x' })).toMatchObject({ status: 404 });
    }
    expect(await post(`rotate/${hostId}/a%0Ab`)).toMatchObject({ status: 400 });
    expect(await post(`set-password/${hostId}/one`, { password: 'a\nb' })).toMatchObject({ status: 400 });
    await lab.call(manager, 'PUT', `${HOSTS}/${hostId}/disabled`, { disabled: true });
    expect(await post(`rotate/${hostId}/one`)).toMatchObject({ status: 409 });
  });

  test('a secret that somebody else has put in the place of a credential is neither read nor written', async () => {
    const hostId = await addHost(lab, manager, { accounts: { one: INITIAL } });
    const name = `hosts/${hostId}/one`;
    const roles = [{ id: CREDENTIALS_ROLE.id }];
    const made = await lab.call(lab.vaultUrl, 'POST', '/vault/api/v1/secrets', {
      name,
      data: { password: 'planted' },
      read_roles: roles,
      write_roles: roles,
    });
    expect(made.status).toBe(201);
    expect(await post(`set-password/${hostId}/one`, { password: 'Told-1' })).toMatchObject({ status: 503 });
    expect(await lab.stored(name)).toEqual({ password: 'planted' });
  });

  test('a host of which an account may have either of two passwords is not deleted', async () => {
    const hostId = await addHost(lab, manager, { accounts: { one: INITIAL } });
    await lab.superuser.query(
      `INSERT INTO rotations (id, system_kind, system_id, account, trigger, requested_by, step, claimable_at,
         created_at)
       VALUES ($1, 'host', $2, 'one', 'request', 'test', 'settling', 'infinity', now())`,
      [randomUUID(), hostId],
    );
    for (const path of [`${HOSTS}/${hostId}`, `${SECRETS_MANAGER}/host-secret/${hostId}`]) {
      expect(await lab.call(manager, 'DELETE', path)).toMatchObject({ status: 409 });
    }
    await lab.superuser.query(`UPDATE rotations SET step = 'waiting' WHERE system_id = $1`, [hostId]);
    expect(await lab.call(manager, 'DELETE', `${HOSTS}/${hostId}`)).toMatchObject({ status: 200 });
    expect(await lab.superuser.query('SELECT FROM rotations WHERE system_id = $1', [hostId])).toEqual([]);
  });
});
