import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { addRole, HOST_STORE, HOSTS, type Json } from './host-support.ts';
import { startTestSecretsManager, type TestSecretsManager } from './support.ts';

let sm: TestSecretsManager;
const role = { id: '', name: '' };
const id: Record<'web' | 'db' | 'win' | 'bare', string> = { web: '', db: '', win: '', bare: '' };

beforeAll(async () => {
  sm = await startTestSecretsManager();
  Object.assign(role, addRole(sm));
  id.web = await sm.create(HOSTS, {
    common_name: 'Web-1',
    addresses: ['Web1.example', '192.0.2.1'],
    services: [
      { service: 'SSH', address: '192.0.2.1', port: 22 },
      { service: 'WEB', address: '', port: 443 },
    ],
    principals: [{ principal: 'www-data', roles: [{ id: role.id }] }],
    tags: ['prod', 'Web_tier'],
    comment: 'front of the shop, 100%',
    external_id: 'ext-web',
    organization: 'Acme',
    cloud_provider: 'AWS',
    cloud_provider_region: 'eu-north-1',
    scope: ['inside'],
    status: [{ k: 'health', v: 'GOOD' }],
    access_group_id: 'group-1',
    source_id: 'source-1',
    deployable: true,
  });
  id.db = await sm.create(HOSTS, {
    common_name: 'db-1',
    addresses: ['db1.example'],
    services: [{ service: 'SSH', address: 'db1-ssh.example', port: 2222 }],
    tags: ['prod'],
    instance_id: 'i-db',
    organizational_unit: 'Data',
    distinguished_name: 'cn=db,dc=example',
    zone: 'z1',
    disabled: 'BY_ADMIN',
  });
  id.win = await sm.create(HOSTS, {
    common_name: 'win-1',
    addresses: ['192.0.2.1'],
    services: [{ service: 'rdp', address: '192.0.2.1', port: 3389 }],
    host_type: 'server',
    host_classification: 'secret',
    tags: ['test'],
  });
  id.bare = await sm.create(HOSTS, {});
});
afterAll(() => sm.stop());

const namesOf = (...ids: string[]) =>
  ids.map(each => Object.entries(id).find(([, known]) => known === each)?.[0] ?? each);

async function search(body: Json, query = ''): Promise<{ count: number; found: string[] }> {
  const answer = await sm.call('POST', `${HOSTS}/search${query}`, { body });
  expect([answer.text, answer.status]).toEqual([answer.text, 200]);
  const items = answer.body['items'] as { id: string }[];
  return { count: Number(answer.body['count']), found: namesOf(...items.map(item => item.id)) };
}

const ALL = ['bare', 'db', 'web', 'win'];

describe('search', () => {
  test.each<[body: () => Json, found: string[]]>([
    [() => ({}), ALL],
    [() => ({ id: '', keywords: '', common_name: [], port: null, disabled: '', deployable: null }), ALL],
    [() => ({ ignore_disabled_sources: true, filter: 'configured' }), ALL],
    [() => ({ id: id.db.toUpperCase() }), ['db']],
    [() => ({ id: randomUUID() }), []],
    [() => ({ keywords: 'SHOP' }), ['web']],
    [() => ({ keywords: 'nothing, www-data' }), ['web']],
    [() => ({ keywords: '100%' }), ['web']],
    [() => ({ keywords: '%' }), ['web']],
    [() => ({ keywords: 'eb_' }), ['web']],
    [() => ({ keywords: 'i-db' }), ['db']],
    [() => ({ common_name: ['WEB-1', 'win-1'] }), ['web', 'win']],
    [() => ({ common_name: ['web'] }), []],
    [() => ({ external_id: 'ext-web' }), ['web']],
    [() => ({ instance_id: 'i-db' }), ['db']],
    [() => ({ address: ['DB1-SSH.example'] }), ['db']],
    [() => ({ address: ['192.0.2.1'] }), ['web', 'win']],
    [() => ({ service: ['ssh'] }), ['db', 'web']],
    [() => ({ service: ['RDP'] }), ['win']],
    [() => ({ port: [22, 3389] }), ['web', 'win']],
    [() => ({ role: [role.id.toUpperCase()] }), ['web']],
    [() => ({ role: [randomUUID()] }), []],
    [() => ({ tags: ['prod'] }), ['db', 'web']],
    [() => ({ scope: ['inside'] }), ['web']],
    [() => ({ statuses: ['GOOD'] }), ['web']],
    [() => ({ deployable: true }), ['web']],
    [() => ({ deployable: false }), ['bare', 'db', 'win']],
    [() => ({ disabled: 'BY_ADMIN' }), ['db']],
    [() => ({ disabled: 'false' }), ['bare', 'web', 'win']],
    [() => ({ source_id: 'Source-1' }), ['web']],
    [() => ({ access_group_ids: ['group-1', 'group-2'] }), ['web']],
    [() => ({ distinguished_name: ['CN=db,dc=example'] }), ['db']],
    [() => ({ organization: ['acme'] }), ['web']],
    [() => ({ organizational_unit: ['data'] }), ['db']],
    [() => ({ zone: ['Z1'] }), ['db']],
    [() => ({ host_type: ['server'] }), ['win']],
    [() => ({ host_classification: ['secret'] }), ['win']],
    [() => ({ cloud_providers: ['aws', 'azure'] }), ['web']],
    [() => ({ cloud_provider_regions: ['eu-north-1'] }), ['web']],
    [() => ({ tags: ['prod'], service: ['SSH'], port: [22] }), ['web']],
    [() => ({ tags: ['prod'], zone: ['nowhere'] }), []],
  ])('%#', async (body, found) => {
    const answer = await search(body());
    expect(answer).toEqual({ count: found.length, found });
  });

  test('gives pages, and counts all', async () => {
    expect(await search({}, '?offset=1&limit=2')).toEqual({ count: 4, found: ['db', 'web'] });
    expect(await search({}, '?offset=9')).toEqual({ count: 4, found: [] });
    const { body } = await sm.call('GET', `${HOSTS}?limit=1&offset=3&filter=accessible`);
    expect([body['count'], (body['items'] as Json[])[0]?.['id']]).toEqual([4, id.win]);
  });

  test.each([
    'id',
    'common_name',
    'created',
    'updated',
    'external_id',
    'instance_id',
    'disabled',
    'deployable',
    'source_id',
    'access_group_id',
    'distinguished_name',
    'organization',
    'organizational_unit',
    'zone',
    'host_type',
    'host_classification',
    'cloud_provider',
    'cloud_provider_region',
  ])('sorts by %s, both ways', async key => {
    const up = await search({}, `?sortkey=${key}&sortdir=asc`);
    const down = await search({}, `?sortkey=${key}&sortdir=DESC`);
    expect(up.count).toBe(4);
    expect(down.found).toEqual(up.found.toReversed());
  });

  test.each(['?limit=0', '?limit=1001', '?offset=-1', '?sortkey=document', '?sortdir=up'])(
    'refuses %s',
    async query => {
      expect((await sm.call('GET', `${HOSTS}${query}`)).status).toBe(400);
    },
  );
});

describe('resolve', () => {
  test.each<[body: Json, found: string | undefined]>([
    [{ service: 'SSH', address: '192.0.2.1', port: 22 }, 'web'],
    [{ service: 'ssh', address: 'DB1-ssh.example', port: 2222 }, 'db'],
    [{ service: 'RDP', address: '192.0.2.1', port: 3389 }, 'win'],
    // A service without an address is at all of its host's.
    [{ service: 'WEB', address: 'web1.example', port: 443 }, 'web'],
    [{ service: 'WEB', address: '192.0.2.1', port: 0 }, 'web'],
    // Another service's address is not its own.
    [{ service: 'SSH', address: 'db1.example', port: 2222 }, undefined],
    [{ service: 'SSH', address: '192.0.2.1', port: 2222 }, undefined],
    [{ service: 'VNC', address: '192.0.2.1', port: 22 }, undefined],
  ])('%j', async (body, found) => {
    const answer = await sm.call('POST', `${HOSTS}/resolve`, { body });
    if (found === undefined)
      expect([answer.status, answer.body['error_code']]).toEqual([404, 'OBJECT_NOT_FOUND']);
    else expect([answer.status, namesOf(String(answer.body['id']))]).toEqual([200, [found]]);
  });

  test('prefers an enabled host, then the older one', async () => {
    const services = [{ service: 'SSH', address: 'twin.example', port: 22 }];
    const first = await sm.create(HOSTS, { services });
    const second = await sm.create(HOSTS, { services });
    const resolved = async () =>
      (
        await sm.call('POST', `${HOSTS}/resolve`, {
          body: { service: 'SSH', address: 'twin.example', port: 22 },
        })
      ).body['id'];
    expect(await resolved()).toBe(first);
    await sm.call('PUT', `${HOSTS}/${first}/disabled`, { body: { disabled: true } });
    expect(await resolved()).toBe(second);
    for (const twin of [first, second]) await sm.call('DELETE', `${HOSTS}/${twin}`);
  });
});

test('tags are listed once each, in pages and by their parts', async () => {
  const tags = async (query: string) => {
    const { body } = await sm.call('GET', `${HOSTS}/tags${query}`);
    return [body['count'], body['items']];
  };
  expect(await tags('')).toEqual([3, ['prod', 'test', 'Web_tier']]);
  expect(await tags('?query=T')).toEqual([2, ['test', 'Web_tier']]);
  expect(await tags('?query=b_t')).toEqual([1, ['Web_tier']]);
  expect(await tags('?sortdir=desc&limit=1')).toEqual([3, ['Web_tier']]);
  expect(await tags('?offset=2&limit=5')).toEqual([3, ['Web_tier']]);
});

test('default service options have all five services', async () => {
  const { body } = await sm.call('GET', `${HOST_STORE}/settings/default_service_options`);
  const services = Object.entries(body as Record<string, object>).map(([name, options]) => [
    name,
    Object.keys(options).length,
    Object.values(options).some(value => value === true),
  ]);
  expect(services).toEqual([
    ['ssh', 6, true],
    ['rdp', 3, false],
    ['web', 3, false],
    ['vnc', 2, false],
    ['db', 2, false],
  ]);
});

describe('deploy', () => {
  const deploy = async (body: Json, as?: string) => {
    const answer = await sm.call('POST', `${HOSTS}/deploy`, { body, ...(as === undefined ? {} : { as }) });
    return { status: answer.status, id: String(answer.body['id']), action: answer.body['action'] };
  };

  test('creates a host, and finds it again by its external id, its instance id or an address', async () => {
    for (const identity of [
      { external_id: `ext-${randomUUID()}` },
      { instance_id: `i-${randomUUID()}` },
      { addresses: [`${randomUUID()}.example`] },
    ]) {
      const first = await deploy({ ...identity, comment: 'one' });
      expect(first).toMatchObject({ status: 200, action: 'CREATE' });
      const second = await deploy({ ...identity, comment: 'two' });
      expect(second).toEqual({ status: 200, id: first.id, action: 'UPDATE' });
      expect((await sm.call('GET', `${HOSTS}/${first.id}`)).body).toMatchObject({
        ...identity,
        comment: 'two',
      });
    }
  });

  test('makes one host of a machine that deploys itself many times at once', async () => {
    const body = { addresses: [`${randomUUID()}.example`] };
    const answers = await Promise.all(Array.from({ length: 6 }, () => deploy(body)));
    expect(new Set(answers.map(answer => answer.id)).size).toBe(1);
    expect(answers.filter(answer => answer.action === 'CREATE')).toHaveLength(1);
  });

  test('does not choose among several', async () => {
    const address = `${randomUUID()}.example`;
    for (const common_name of ['one', 'two']) await sm.create(HOSTS, { common_name, addresses: [address] });
    expect((await deploy({ addresses: [address] })).status).toBe(409);
  });

  test('a machine that may only deploy replaces a host only if that is deployable', async () => {
    const as = await sm.withPermissions('privx-host-provisioning');
    const body = { external_id: `ext-${randomUUID()}` };
    const { id: hostId, status } = await deploy(body, as);
    expect(status).toBe(200);
    expect((await deploy(body, as)).status).toBe(403);
    await sm.call('PUT', `${HOSTS}/${hostId}/deployable`, { body: { deployable: true } });
    expect(await deploy(body, as)).toEqual({ status: 200, id: hostId, action: 'UPDATE' });
  });
});
