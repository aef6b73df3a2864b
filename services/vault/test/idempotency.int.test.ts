import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { silentLogger } from '@strongroom/log/logger';
import { forgetAnswers } from '../src/operations/forget-answers.ts';
import { pathOf, SECRETS, startTestVault, uniqueName, type TestVault } from './support.ts';

let vault: TestVault;
beforeAll(async () => {
  vault = await startTestVault();
});
afterAll(() => vault.stop());

const once = (key: string) => ({ headers: { 'idempotency-key': key } });
const version = async (name: string) => (await vault.call('GET', pathOf(name))).body['version'];

describe('a request that is sent again under its idempotency key', () => {
  test('creates nothing twice, and is answered as before', async () => {
    const key = randomUUID();
    const body = { name: uniqueName('once'), data: { v: 1 }, read_roles: [vault.role] };
    const first = await vault.call('POST', SECRETS, { body, ...once(key) });
    const again = await vault.call('POST', SECRETS, { body, ...once(key) });
    expect([first.status, first.body]).toEqual([201, { name: body.name }]);
    expect([again.status, again.body, again.headers['location']]).toEqual([
      201,
      first.body,
      first.headers['location'],
    ]);
    const records = (await vault.trail()).filter(({ message }) => message['secret'] === body.name);
    expect(records.map(record => record.name)).toEqual(['Secret-created']);
    expect((await vault.trail()).some(record => record.name === 'Request-repeated')).toBe(true);
  });

  test('writes no second version, also when another write came between', async () => {
    const name = uniqueName('once');
    await vault.call('POST', SECRETS, { body: { name, data: { v: 1 }, read_roles: [vault.role] } });
    const key = randomUUID();
    const change = () => vault.call('PUT', pathOf(name), { body: { data: { v: 2 } }, ...once(key) });
    const first = await change();
    expect([first.status, await version(name)]).toEqual([200, 2]);
    await vault.call('PUT', pathOf(name), { body: { data: { v: 3 } } });
    const again = await change();
    expect([again.status, again.text, again.headers['etag']]).toEqual([200, '', first.headers['etag']]);
    expect((await vault.call('GET', pathOf(name))).body['data']).toEqual({ v: 3 });
  });

  test('at once, on two replicas, changes once', async () => {
    const replica = await vault.startReplica();
    for (let round = 0; round < 10; round += 1) {
      const name = uniqueName('race');
      await vault.call('POST', SECRETS, { body: { name, data: {}, read_roles: [vault.role] } });
      const request = { body: { data: { round } }, ...once(randomUUID()) };
      const answers = await Promise.all(
        Array.from({ length: 8 }, (_, index) =>
          vault.call('PUT', pathOf(name), request, index % 2 === 0 ? vault.url : replica.url),
        ),
      );
      expect(new Set(answers.map(({ status, headers }) => `${status} ${String(headers['etag'])}`)).size).toBe(
        1,
      );
      expect(await version(name)).toBe(2);
    }
    await replica.stop();
  });

  test('at once, creates once: the one that finds the name taken is answered as the one that took it', async () => {
    const replica = await vault.startReplica();
    for (let round = 0; round < 10; round += 1) {
      const body = { name: uniqueName('race'), data: { round } };
      const request = { body, ...once(randomUUID()) };
      const answers = await Promise.all(
        [vault.url, replica.url, vault.url, replica.url].map(at => vault.call('POST', SECRETS, request, at)),
      );
      expect(answers.map(answer => [answer.status, answer.body])).toEqual(
        answers.map(() => [201, { name: body.name }]),
      );
    }
    await replica.stop();
  });

  test('that was refused is tried anew', async () => {
    const key = randomUUID();
    const body = { name: uniqueName('late'), data: { v: 1 }, read_roles: [vault.role] };
    const refused = await vault.call('POST', SECRETS, {
      as: await vault.issuer.bearer(),
      body,
      ...once(key),
    });
    expect(refused.status).toBe(403);
    expect((await vault.call('POST', SECRETS, { body, ...once(key) })).status).toBe(201);
  });

  test('is another one when it asks for something else, or somebody else asks', async () => {
    const key = randomUUID();
    const body = { name: uniqueName('other'), data: { v: 'plum-1' }, read_roles: [vault.role] };
    expect((await vault.call('POST', SECRETS, { body, ...once(key) })).status).toBe(201);
    const different = await vault.call('POST', SECRETS, {
      body: { ...body, data: { v: 'plum-2' } },
      ...once(key),
    });
    expect([different.status, different.body['property']]).toEqual([400, 'Idempotency-Key']);
    expect(different.text).not.toContain('plum');
    const asOther = await vault.issuer.bearer({ permissions: ['vault-manage'] });
    const taken = await vault.call('POST', SECRETS, { as: asOther, body, ...once(key) });
    expect([taken.status, taken.body['error_code']]).toEqual([409, 'VALUE_DUPLICATE']);
  });

  test.each([['short'], [`${'x'.repeat(20)} y`], ['x'.repeat(129)]])('%s is no key', async key => {
    const answer = await vault.call('POST', SECRETS, { body: { name: uniqueName('x') }, ...once(key) });
    expect([answer.status, answer.body['property']]).toEqual([400, 'idempotency-key']);
  });

  test('leaves neither key nor content behind, and is forgotten after a day', async () => {
    const key = randomBytes(24).toString('base64url');
    const plum = `plum-${randomUUID()}`;
    const body = { name: uniqueName('kept'), data: { plum }, read_roles: [vault.role] };
    await vault.call('POST', SECRETS, { body, ...once(key) });
    const rows = JSON.stringify(await vault.superuser.query('SELECT * FROM idempotency_keys'));
    expect(rows).toContain(body.name);
    expect(rows).not.toContain(key);
    expect(rows).not.toContain(plum);
    const db = vault.superuser;
    const log = silentLogger;
    const inHours = (hours: number) => ({ db, log, now: () => new Date(Date.now() + hours * 3_600_000) });
    expect(await forgetAnswers(inHours(23))).toBe(0);
    expect(await forgetAnswers(inHours(25))).toBeGreaterThan(0);
    expect(await db.query('SELECT 1 FROM idempotency_keys')).toEqual([]);
  });
});
