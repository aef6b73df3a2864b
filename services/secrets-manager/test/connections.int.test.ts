import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { HOSTS } from './host-support.ts';
import { startTestSecretsManager, type TestSecretsManager } from './support.ts';

const CONNECTIONS = '/connection-manager/api/v1/connections';
const [alice, bob] = [randomUUID(), randomUUID()];
const now = new Date();

let sm: TestSecretsManager;
let host: string;
const gone = randomUUID();
/** In the order in which they began. */
let over: string, expired: string, held: string, elsewhere: string;

beforeAll(async () => {
  sm = await startTestSecretsManager();
  host = await sm.create(HOSTS, { common_name: 'db-1', addresses: ['10.1.2.3', '10.1.2.4'] });
  over = await had({ userId: alice, name: 'Alice', begun: '4 hours', ends: '3 hours', ended: '3.5 hours' });
  expired = await had({ userId: bob, name: 'Bob', begun: '3 hours', ends: '2 hours' });
  held = await had({ userId: alice, name: 'Alice', account: 'app', begun: '2 hours', ends: '-1 hours' });
  elsewhere = await had({ userId: bob, name: 'Bob', system: gone, begun: '1 hours', ends: '-1 hours' });
});
afterAll(() => sm.stop());

interface Had {
  readonly userId: string;
  readonly name: string;
  readonly account?: string;
  readonly system?: string;
  /** Ago. */
  readonly begun: string;
  readonly ends: string;
  readonly ended?: string;
}

async function had({
  userId,
  name,
  account = 'root',
  system = host,
  begun,
  ends,
  ended,
}: Had): Promise<string> {
  const id = randomUUID();
  await sm.superuser.query(
    `INSERT INTO checkouts (id, system_kind, system_id, account, user_id, user_name, state, created_at, expires_at, ended_at)
     VALUES ($1, 'host', $2, $3, $4, $5, $9, $10::timestamptz - $6::interval, $10 - $7::interval, $10 - $8::interval)`,
    [
      id,
      system,
      account,
      userId,
      name,
      begun,
      ends,
      ended ?? null,
      ended === undefined ? 'held' : 'released',
      now,
    ],
  );
  return id;
}

async function search(body: object, query = ''): Promise<{ count: unknown; ids: unknown[] }> {
  const answer = await sm.call('POST', `${CONNECTIONS}/search${query}`, { body });
  expect([answer.status, answer.text]).toEqual([200, expect.any(String)]);
  const items = answer.body['items'] as { id: string }[];
  return { count: answer.body['count'], ids: items.map(({ id }) => id) };
}

test('tells who had which account, from when to when', async () => {
  const { body } = await sm.call('GET', CONNECTIONS);
  const [first, second, third, fourth] = body['items'] as Record<string, unknown>[];
  expect(body['count']).toBe(4);
  expect(first).toEqual({
    id: over,
    type: 'CHECKOUT',
    mode: 'PASSWORD',
    authentication_method: ['PASSWORD'],
    user: { id: alice, display_name: 'Alice' },
    target_host: { id: host, common_name: 'db-1' },
    target_host_address: '10.1.2.3',
    target_host_account: 'root',
    connected: expect.any(String),
    disconnected: expect.any(String),
    duration: 1_800,
    status: 'DISCONNECTED',
    audit_enabled: false,
    created: first?.['connected'],
  });
  // It has run out, and nobody has put that on record yet.
  expect(second).toMatchObject({ id: expired, status: 'DISCONNECTED', duration: 3_600 });
  expect(third).toMatchObject({ id: held, status: 'CONNECTED', target_host_account: 'app' });
  expect(third).not.toHaveProperty('disconnected');
  expect(fourth).toMatchObject({
    id: elsewhere,
    target_host: { id: gone, common_name: '' },
    target_host_address: '',
  });
  const one = await sm.call('GET', `${CONNECTIONS}/${over}?verbose=true`);
  expect([one.status, one.body]).toEqual([200, first]);
  const none = await sm.call('GET', `${CONNECTIONS}/${randomUUID()}`);
  expect([none.status, none.body['error_code']]).toEqual([404, 'OBJECT_NOT_FOUND']);
});

test('finds those of people, accounts, hosts and states', async () => {
  const all = [over, expired, held, elsewhere];
  for (const [body, ids] of [
    [{ user_id: [alice] }, [over, held]],
    [{ user_display_name: ['Bob'] }, [expired, elsewhere]],
    [{ target_host_id: [host] }, [over, expired, held]],
    [{ target_host_common_name: ['db-1'], target_host_account: ['app'] }, [held]],
    [{ target_host_address: ['10.1.2.3'] }, [over, expired, held]],
    [{ keywords: 'ALICE nothing' }, [over, held]],
    [{ keywords: '%' }, []],
    [{ status: ['CONNECTED'] }, [held, elsewhere]],
    [{ status: ['DISCONNECTED'] }, [over, expired]],
    [{ status: ['CONNECTED', 'DISCONNECTED'] }, all],
    [{ id: [held, randomUUID()] }, [held]],
    [{ type: ['CHECKOUT'], mode: null, user_id: [], has_access_roles: false, connected: {} }, all],
    [{ type: ['SSH'] }, []],
    [{ status: ['UNKNOWN'] }, []],
    [{ tags: ['x'] }, []],
    [{ last_activity: { Start: '2020-01-01T00:00:00Z' } }, []],
  ] as const) {
    expect([body, await search(body)]).toEqual([body, { count: ids.length, ids: [...ids] }]);
  }
});

test('finds those of a time, in both spellings, and pages', async () => {
  const { body } = await sm.call('GET', `${CONNECTIONS}/${held}`);
  const connected = String(body['connected']);
  expect(await search({ connected: { start: connected } })).toMatchObject({ ids: [held, elsewhere] });
  expect(await search({ connected: { Start: '', End: connected } })).toMatchObject({
    ids: [over, expired, held],
  });
  expect(await search({ disconnected: { Start: '2020-01-01T00:00:00Z' } })).toMatchObject({
    ids: [over, expired],
  });
  expect(await search({}, '?sortkey=connected&sortdir=desc&offset=1&limit=2&fuzzycount=false')).toEqual({
    count: 4,
    ids: [held, expired],
  });
});
