import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { AppError } from '@strongroom/errors/app-error';
import { freePort } from '@strongroom/embedded-postgres/free-port';
import { canStartSshd, startSshd, type TestSshd } from '@strongroom/testing/sshd';
import { hostAccount } from '../src/domain/account-path.ts';
import { beat, beatOnDemand } from '../src/operations/heartbeat.ts';
import { makeHeartbeats } from '../src/operations/heartbeat-rounds.ts';
import { requestRotation } from '../src/operations/request-rotation.ts';
import { planAnew } from '../src/operations/schedule-rotations.ts';
import { claimHeartbeat } from '../src/store/heartbeats.ts';
import { claimNextRotation } from '../src/store/rotations.ts';
import { HOSTS } from './host-support.ts';
import { addRotatedHost, openReplica, type Replica } from './reach-support.ts';
import { PREFIX, startTestSecretsManager, type TestSecretsManager } from './support.ts';

const DAY = 86_400_000;
const HEARTBEAT = `${PREFIX}/heartbeat`;
const AT = new Date('2026-03-10T10:00:00Z');

let sm: TestSecretsManager;
let replica: Replica;
let other: Replica;
let nobodyListens: number;
beforeAll(async () => {
  sm = await startTestSecretsManager();
  replica = await openReplica(sm, { now: () => AT });
  other = await openReplica(sm, { now: () => AT });
  nobodyListens = await freePort();
});
afterAll(async () => {
  await replica.close();
  await other.close();
  await sm.stop();
});
beforeEach(() => sm.superuser.query('DELETE FROM hosts'));

/** `name` has a passphrase that nobody but the host secret knows. */
const addHost = (port = nobodyListens, ...names: string[]) =>
  addRotatedHost(sm, {
    tofu: true,
    services: [{ service: 'SSH', port }],
    principals: names.map(principal => ({ principal, rotate: true, passphrase: 'open-sesame' })),
  });
const shown = async (host: string, account: string) =>
  (await sm.call('GET', `${HEARTBEAT}/${host}/${encodeURIComponent(account)}`)).body;
const dueOf = async (host: string): Promise<(number | undefined)[]> => {
  const rows = await sm.superuser.query<{ at: Date | null }>(
    'SELECT next_heartbeat AS at FROM accounts WHERE host_id = $1 ORDER BY account',
    [host],
  );
  return rows.map(({ at }) => at?.getTime());
};
const rotationOf = (host: string, account: string) =>
  replica.ctx.db.transaction(tx =>
    requestRotation(replica.ctx, tx, {
      ...hostAccount(host, account),
      trigger: 'request',
      requestedBy: 'test',
    }),
  );

((await canStartSshd()) ? describe : describe.skip)('a heartbeat of an account on a host with sshd', () => {
  let sshd: TestSshd;
  beforeAll(async () => {
    sshd = await startSshd();
  });
  afterAll(() => sshd.stop());

  test('tells whether the stored password opens it; that it no longer does is told once', async () => {
    const account = await sshd.addAccount('open-sesame');
    const host = await addHost(sshd.port, account);
    expect(await shown(host, account)).toEqual({ status: 'unknown', details: '' });
    expect(await beat(replica.ctx, hostAccount(host, account))).toEqual({
      status: 'opens',
      details: '',
      at: AT,
    });
    expect(await shown(host, account)).toEqual({
      status: 'opens',
      details: '',
      checked: AT.toISOString(),
    });
    // The newest version in vault is what counts, and somebody has changed the password past us.
    replica.store(host, account, 'changed-since');
    for (let round = 0; round < 2; round += 1) {
      expect(await beat(replica.ctx, hostAccount(host, account))).toMatchObject({
        status: 'refused',
        details: 'the host refuses the stored password',
      });
    }
    const refused = (await sm.trail()).filter(({ name }) => name === 'Heartbeat-refused');
    expect(refused.map(({ message }) => message['account'])).toEqual([account]);
    expect(JSON.stringify(refused)).not.toContain('changed-since');
    const [due = 0] = await dueOf(host);
    expect(due).toBeGreaterThan(AT.getTime() + 0.9 * DAY);
    expect(due).toBeLessThanOrEqual(AT.getTime() + DAY);
  });

  test('on demand is on the record, and the same answer', async () => {
    const account = await sshd.addAccount('open-sesame');
    const host = await addHost(sshd.port, account);
    const options = { body: '' };
    // Vault is away for the service of these tests, so nothing can be said.
    expect((await sm.call('POST', `${HEARTBEAT}/${host}/${account}`, options)).status).toBe(503);
    const by = {
      caller: { id: 'c', permissions: new Set() } as never,
      request: { id: 'r', remoteAddress: '192.0.2.1', userAgent: '' },
    };
    expect(await beatOnDemand(replica.ctx, by, hostAccount(host, account))).toMatchObject({
      status: 'opens',
    });
    const made = (await sm.trail()).filter(({ name }) => name === 'Heartbeat-made');
    expect(made.map(({ message }) => message['hostID'])).toEqual([host, host]);
  });
});

describe('a heartbeat', () => {
  test('of a host that does not answer says so, and no more', async () => {
    const host = await addHost(nobodyListens, 'root');
    expect(await beat(replica.ctx, hostAccount(host, 'root'))).toMatchObject({
      status: 'unreachable',
      details: 'the host cannot be reached (ECONNREFUSED)',
    });
    const told = (await sm.trail()).filter(({ message }) => message['hostID'] === host);
    expect(told.map(({ name }) => name)).not.toContain('Heartbeat-refused');
  });

  test('of an account whose password nobody told says so', async () => {
    const host = await addRotatedHost(sm, {
      services: [{ service: 'SSH', port: nobodyListens }],
      principals: [{ principal: 'root', rotate: true }],
    });
    expect(await beat(replica.ctx, hostAccount(host, 'root'))).toMatchObject({
      status: 'unknown',
      details: 'nobody has told its password',
    });
  });

  test('is not made while a rotation waits or is under way', async () => {
    const host = await addHost(nobodyListens, 'root');
    await rotationOf(host, 'root');
    expect(await beat(replica.ctx, hostAccount(host, 'root'))).toBeUndefined();
    expect(await makeHeartbeats(replica.ctx, new AbortController().signal)).toBe(0);
    const by = { caller: { id: 'c' } as never, request: { id: 'r', remoteAddress: '', userAgent: '' } };
    await expect(beatOnDemand(replica.ctx, by, hostAccount(host, 'root'))).rejects.toMatchObject({
      kind: 'conflict',
    });
  });

  test('keeps a rotation that is requested meanwhile from beginning, until it ends or its lease has run out', async () => {
    const host = await addHost(nobodyListens, 'root');
    const claim = (leaseMs: number) =>
      replica.ctx.db.transaction(tx => claimHeartbeat(tx, hostAccount(host, 'root'), { leaseMs }));
    expect(await claim(60_000)).toMatchObject({ account: 'root' });
    expect(await claim(60_000)).toBe('busy');
    const rotation = await rotationOf(host, 'root');
    expect(await claimNextRotation(other.ctx.db, 60_000)).toBeUndefined();
    await sm.superuser.query(`UPDATE accounts SET heartbeat_until = clock_timestamp() - interval '1 second'`);
    expect(await claimNextRotation(other.ctx.db, 60_000)).toMatchObject({ id: rotation });
    expect(await claim(60_000)).toBe('busy');
  });

  test('a rotation that is requested in the middle of the claim waits for it', async () => {
    const host = await addHost(nobodyListens, 'root');
    const requested = { yet: false };
    let rotation: Promise<unknown> | undefined;
    await replica.ctx.db.transaction(async tx => {
      await tx.query('SELECT FROM accounts WHERE host_id = $1 FOR UPDATE', [host]);
      rotation = rotationOf(host, 'root').then(() => (requested.yet = true));
      expect(await claimHeartbeat(tx, hostAccount(host, 'root'), { leaseMs: 60_000 })).toMatchObject({
        account: 'root',
      });
      expect(requested.yet).toBe(false);
    });
    await rotation;
    expect(await claimNextRotation(other.ctx.db, 60_000)).toBeUndefined();
  });

  test('whose lease has run out says nothing', async () => {
    const host = await addHost(nobodyListens, 'root');
    const slow = {
      ...replica.ctx,
      vault: {
        ...replica.ctx.vault,
        read: async (name: string) => {
          await sm.superuser.query('UPDATE accounts SET heartbeat_until = NULL WHERE host_id = $1', [host]);
          return replica.ctx.vault.read(name);
        },
      },
    };
    expect(await beat(slow, hostAccount(host, 'root'))).toBeUndefined();
    expect(await shown(host, 'root')).toEqual({ status: 'unknown', details: '' });
  });

  test('frees the account when it fails', async () => {
    const host = await addHost(nobodyListens, 'root');
    const away = new AppError({ kind: 'unavailable', code: 'X', message: 'vault is away' });
    const vault = { ...replica.ctx.vault, read: () => Promise.reject(away) };
    await expect(beat({ ...replica.ctx, vault }, hostAccount(host, 'root'))).rejects.toBe(away);
    await expect(makeHeartbeats({ ...replica.ctx, vault }, new AbortController().signal)).rejects.toBe(away);
    expect(await beat(replica.ctx, hostAccount(host, 'root'))).toMatchObject({ status: 'unreachable' });
  });

  test('is made once of each account that is due, however many replicas look', async () => {
    const names = Array.from({ length: 40 }, (_, index) => `a${index}`);
    await addHost(nobodyListens, ...names);
    const { signal } = new AbortController();
    const counts = await Promise.all([replica, other].map(({ ctx }) => makeHeartbeats(ctx, signal)));
    expect(counts[0]! + counts[1]!).toBe(40);
    expect(await makeHeartbeats(replica.ctx, signal)).toBe(0);
    const tomorrow = { ...replica.ctx, now: () => new Date(AT.getTime() + DAY) };
    expect(await makeHeartbeats(tomorrow, signal)).toBe(40);
    const stopped = { ...replica.ctx, now: () => new Date(AT.getTime() + 3 * DAY) };
    expect(await makeHeartbeats(stopped, AbortSignal.abort())).toBe(0);
  });

  test('is due again when the password was changed, and not on a disabled host', async () => {
    const host = await addHost(nobodyListens, 'root');
    await beat(replica.ctx, hostAccount(host, 'root'));
    const finished = { id: 'x', ...hostAccount(host, 'root'), trigger: 'request', requestedAt: AT } as const;
    const finish = (outcome: 'failed' | 'succeeded') =>
      replica.ctx.db.transaction(tx => planAnew(tx, { ...finished, outcome, reason: '' }));
    await finish('failed');
    expect((await dueOf(host))[0]).toBeDefined();
    await finish('succeeded');
    expect((await dueOf(host))[0]).toBeUndefined();
    await sm.call('PUT', `${HOSTS}/${host}/disabled`, { body: { disabled: true } });
    expect(await makeHeartbeats(replica.ctx, new AbortController().signal)).toBe(0);
    await expect(beat(replica.ctx, hostAccount(host, 'root'))).rejects.toMatchObject({ kind: 'conflict' });
  });

  test('of an account that is not there is not found, and its path may have encoded slashes', async () => {
    const host = await addHost(nobodyListens, 'corp/alice');
    expect(await shown(host, 'corp/alice')).toEqual({ status: 'unknown', details: '' });
    for (const method of ['GET', 'POST']) {
      expect((await sm.call(method, `${HEARTBEAT}/${host}/nobody`)).status).toBe(404);
    }
  });

  test('is for those who may see hosts to read, and for those who manage them to make', async () => {
    const host = await addHost(nobodyListens, 'root');
    const viewer = await sm.withPermissions('hosts-view');
    expect((await sm.call('GET', `${HEARTBEAT}/${host}/root`, { as: viewer })).status).toBe(200);
    expect((await sm.call('POST', `${HEARTBEAT}/${host}/root`, { as: viewer })).status).toBe(403);
  });
});
