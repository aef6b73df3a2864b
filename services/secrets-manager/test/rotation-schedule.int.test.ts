import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { openDatabase, type Database } from '@strongroom/db/database';
import { silentLogger } from '@strongroom/log/logger';
import { scheduleRotations, type RequestRotation } from '../src/operations/schedule-rotations.ts';
import { findNamed, HOSTS, type Json } from './host-support.ts';
import {
  POLICY,
  startTestSecretsManager,
  TEMPLATES,
  uniqueName,
  type TestSecretsManager,
} from './support.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const NIGHT = { from: '01:00', to: '05:00', time_zone: 'Europe/Helsinki' };
/** Noon in Helsinki. */
const NOON = new Date('2026-03-10T10:00:00Z');

let sm: TestSecretsManager;
let template: string;
/** As the service has it: without rights past its own. */
let db: Database;

beforeAll(async () => {
  sm = await startTestSecretsManager();
  template = await findNamed(sm, TEMPLATES, 'Linux per account command template');
  db = openDatabase(sm.databaseSettings, silentLogger);
});
afterAll(async () => {
  await db.close();
  await sm.stop();
});
beforeEach(() => sm.superuser.query('UPDATE accounts SET is_rotated = false'));

const addPolicy = (more: Json = {}) => sm.create(POLICY, { name: uniqueName('p'), ...more });
const addHost = (policy: string, names: readonly string[]) =>
  sm.create(HOSTS, {
    common_name: uniqueName('h'),
    external_id: randomUUID(),
    addresses: ['192.0.2.7'],
    services: [{ service: 'SSH' }],
    password_rotation_enabled: true,
    password_rotation: {
      operating_system: 'LINUX',
      password_policy_id: policy,
      script_template_id: template,
    },
    principals: names.map(principal => ({ principal, rotate: true, passphrase: 'initial' })),
  });

/** One round at this time. What it made due. */
async function round(now: Date, on = db): Promise<string[]> {
  const requested: string[] = [];
  const request: RequestRotation = (_tx, { account }) => Promise.resolve(requested.push(account));
  await scheduleRotations({ db: on, now: () => now, ring: () => undefined, log: silentLogger }, request);
  return requested;
}
const plansOf = async (host: string): Promise<(number | undefined)[]> => {
  const rows = await sm.superuser.query<{ at: Date | null }>(
    'SELECT next_rotation AS at FROM accounts WHERE host_id = $1 ORDER BY account',
    [host],
  );
  return rows.map(({ at }) => at?.getTime());
};
const later = (ms: number, from = NOON) => new Date(from.getTime() + ms);

describe('rotation_window of a policy', () => {
  const windowOf = async (id: string) => (await sm.call('GET', `${POLICY}/${id}`)).body['rotation_window'];

  test('stays when a PUT leaves it out, as clients do that do not know it, and goes by null', async () => {
    const name = uniqueName('p');
    const id = await sm.create(POLICY, { name, rotation_window: NIGHT });
    expect(await windowOf(id)).toEqual(NIGHT);
    await sm.call('PUT', `${POLICY}/${id}`, { body: { name } });
    expect(await windowOf(id)).toEqual(NIGHT);
    const other = { ...NIGHT, time_zone: 'UTC' };
    await sm.call('PUT', `${POLICY}/${id}`, { body: { name, rotation_window: other } });
    expect(await windowOf(id)).toEqual(other);
    await sm.call('PUT', `${POLICY}/${id}`, { body: { name, rotation_window: null } });
    expect(await windowOf(id)).toBeUndefined();
  });

  test('is refused when it is none, and the policy stays as it was', async () => {
    const name = uniqueName('p');
    const id = await sm.create(POLICY, { name });
    for (const fault of [{ from: '25:00' }, { to: '01:00' }, { time_zone: 'Nowhere/Land' }]) {
      const body = { name: uniqueName('other'), rotation_window: { ...NIGHT, ...fault } };
      expect((await sm.call('PUT', `${POLICY}/${id}`, { body })).status).toBe(400);
      expect((await sm.call('POST', POLICY, { body })).status).toBe(400);
    }
    expect((await sm.call('GET', `${POLICY}/${id}`)).body).toMatchObject({ name });
  });
});

describe('a round of the schedule', () => {
  test('gives new accounts a time within the hour, each its own, and makes them due then, once', async () => {
    const names = Array.from({ length: 30 }, (_, index) => `a${index}`);
    const host = await addHost(await addPolicy(), names);
    expect(await round(NOON)).toEqual([]);
    const plans = await plansOf(host);
    expect(new Set(plans).size).toBe(30);
    for (const at of plans) {
      expect(at).toBeGreaterThanOrEqual(NOON.getTime());
      expect(at).toBeLessThanOrEqual(NOON.getTime() + HOUR);
    }
    expect((await round(later(HOUR))).sort()).toEqual([...names].sort());
    expect(await round(later(HOUR))).toEqual([]);
    for (const at of await plansOf(host)) {
      expect(at).toBeGreaterThan(NOON.getTime() + 27 * DAY);
      expect(at).toBeLessThanOrEqual(NOON.getTime() + HOUR + 30 * DAY);
    }
  });

  test('rotates in the window alone; a time that was missed moves to the next one', async () => {
    const host = await addHost(await addPolicy({ rotation_window: NIGHT }), ['root']);
    await round(NOON);
    const opens = new Date('2026-03-10T23:00:00Z');
    const [planned = 0] = await plansOf(host);
    expect(planned).toBeGreaterThanOrEqual(opens.getTime());
    expect(planned).toBeLessThan(opens.getTime() + 4 * HOUR);
    // Nobody was there that night.
    expect(await round(later(DAY))).toEqual([]);
    const [missed = 0] = await plansOf(host);
    expect(missed).toBe(planned + DAY);
    expect(await round(new Date(missed))).toEqual(['root']);
  });

  test('counts from the last rotation, and anew when the policy or the policy of the host changes', async () => {
    const policy = await addPolicy();
    const host = await addHost(policy, ['root']);
    await sm.superuser.query('UPDATE accounts SET last_rotated = $2 WHERE host_id = $1', [host, NOON]);
    await round(NOON);
    const [monthly = 0] = await plansOf(host);
    expect(monthly).toBeGreaterThan(NOON.getTime() + 27 * DAY);
    const { body } = await sm.call('GET', `${POLICY}/${policy}`);
    await sm.call('PUT', `${POLICY}/${policy}`, { body: { ...body, rotation_interval: 'P10D' } });
    await round(NOON);
    const [tenDays = 0] = await plansOf(host);
    expect(tenDays).toBeGreaterThan(NOON.getTime() + 9 * DAY);
    expect(tenDays).toBeLessThanOrEqual(NOON.getTime() + 10 * DAY);
    const { body: document } = await sm.call('GET', `${HOSTS}/${host}`);
    await sm.call('PUT', `${HOSTS}/${host}`, { body: { ...document, comment: 'same policy' } });
    expect(await plansOf(host)).toEqual([tenDays]);
    const rotation = document['password_rotation'] as Json;
    const yearly = await addPolicy({ rotation_interval: 'P1Y' });
    await sm.call('PUT', `${HOSTS}/${host}`, {
      body: { ...document, password_rotation: { ...rotation, password_policy_id: yearly } },
    });
    await round(NOON);
    expect((await plansOf(host))[0]).toBeGreaterThan(NOON.getTime() + 300 * DAY);
  });

  test('leaves out hosts that are disabled and accounts that are rotated no longer', async () => {
    const host = await addHost(await addPolicy(), ['root']);
    await round(NOON);
    await sm.call('PUT', `${HOSTS}/${host}/disabled`, { body: { disabled: true } });
    expect(await round(later(2 * HOUR))).toEqual([]);
    await sm.call('PUT', `${HOSTS}/${host}/disabled`, { body: { disabled: false } });
    await sm.superuser.query('UPDATE accounts SET is_rotated = false WHERE host_id = $1', [host]);
    expect(await round(later(2 * HOUR))).toEqual([]);
    await sm.superuser.query('UPDATE accounts SET is_rotated = true WHERE host_id = $1', [host]);
    expect(await round(later(2 * HOUR))).toEqual(['root']);
  });

  test('takes each account once, however many replicas do it at once, and many in several batches', async () => {
    const names = Array.from({ length: 250 }, (_, index) => `a${index}`);
    const host = await addHost(await addPolicy(), names);
    await sm.superuser.query('UPDATE accounts SET next_rotation = $2 WHERE host_id = $1', [host, NOON]);
    const other = openDatabase(sm.databaseSettings, silentLogger);
    const rounds = await Promise.all([round(NOON), round(NOON, other), round(NOON), round(NOON, other)]);
    await other.close();
    expect(rounds.flat().sort()).toEqual([...names].sort());
  });

  test('leaves all as it was when a rotation cannot be made due', async () => {
    const host = await addHost(await addPolicy(), ['root']);
    await sm.superuser.query('UPDATE accounts SET next_rotation = $2 WHERE host_id = $1', [host, NOON]);
    const ctx = { db, now: () => NOON, ring: () => undefined, log: silentLogger };
    await expect(scheduleRotations(ctx, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(await round(NOON)).toEqual(['root']);
  });
});
