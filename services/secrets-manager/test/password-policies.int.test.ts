import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  POLICIES,
  POLICY,
  startTestSecretsManager,
  TEMPLATE,
  uniqueName,
  type TestSecretsManager,
} from './support.ts';

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const DEFAULTS = {
  rotation_interval: 'P30D',
  password_min_length: 16,
  password_max_length: 32,
  use_special_characters: true,
  use_lower_case: true,
  use_upper_case: true,
  use_numbers: true,
  max_versions: 10,
  number_of_retries: 3,
  retry_interval: 'PT5M',
  max_concurrent_checkouts: 1,
  max_checkout_duration: 'PT1H',
  rotate_on_release: false,
  verify_after_rotation: true,
};
const FULL = {
  rotation_interval: '720h0m0s',
  password_min_length: 12,
  password_max_length: 14,
  use_special_characters: false,
  use_lower_case: true,
  use_upper_case: false,
  use_numbers: true,
  max_versions: 5,
  number_of_retries: 0,
  retry_interval: 'PT2M',
  max_concurrent_checkouts: 4,
  max_checkout_duration: 'PT3M',
  rotate_on_release: true,
  verify_after_rotation: false,
  delete_version_after: '2160h',
  fallback_to_previous: false,
};
/** What PrivX's Go SDK sends of a policy of which nothing is set. */
const GO_ZEROS = {
  id: '',
  rotation_interval: '',
  password_min_length: 0,
  password_max_length: 0,
  use_special_characters: false,
  use_lower_case: false,
  use_upper_case: false,
  use_numbers: false,
  max_versions: 0,
  number_of_retries: 0,
  retry_interval: '',
  max_concurrent_checkouts: 0,
  max_checkout_duration: '',
  rotate_on_release: false,
  verify_after_rotation: false,
  created: '0001-01-01T00:00:00Z',
  created_by: '',
  updated: '0001-01-01T00:00:00Z',
  updated_by: '',
};

let sm: TestSecretsManager;
beforeAll(async () => {
  sm = await startTestSecretsManager();
});
afterAll(() => sm.stop());

const read = async (id: string) => (await sm.call('GET', `${POLICY}/${id}`)).body;

describe('password policies', () => {
  test('create answers 201 with id and location; all members come back as given', async () => {
    const name = uniqueName('full');
    const answer = await sm.call('POST', POLICY, { body: { name, ...FULL } });
    expect(answer.status).toBe(201);
    const id = String(answer.body['id']);
    expect(answer.body).toEqual({ id });
    expect(answer.headers.get('location')).toBe(`${POLICY}/${id}`);
    const got = await sm.call('GET', `${POLICY}/${id}`);
    expect(got.status).toBe(200);
    expect(got.body).toEqual({
      id,
      number: expect.any(Number),
      name,
      ...FULL,
      created: expect.stringMatching(TIME),
      created_by: sm.caller.sub,
      updated: expect.stringMatching(TIME),
      updated_by: sm.caller.sub,
    });
  });

  test.each([
    ['absent', {}],
    ['null', Object.fromEntries([...Object.keys(FULL), 'created', 'updated'].map(key => [key, null]))],
  ])('members that are %s get the defaults', async (_what, body) => {
    const got = await read(await sm.create(POLICY, { ...body, name: uniqueName('defaults') }));
    expect(got).toMatchObject(DEFAULTS);
    expect(Object.keys(got)).not.toContain('delete_version_after');
    expect(Object.keys(got)).not.toContain('fallback_to_previous');
  });

  test("Go's zeros are not given, where zero makes no sense", async () => {
    const name = uniqueName('go');
    const got = await read(await sm.create(POLICY, { ...GO_ZEROS, name, use_lower_case: true }));
    expect(got).toMatchObject({
      ...DEFAULTS,
      use_special_characters: false,
      use_upper_case: false,
      use_numbers: false,
      number_of_retries: 0,
      verify_after_rotation: false,
      created: expect.stringMatching(/^2/),
      created_by: sm.caller.sub,
    });
    const none = await sm.call('POST', POLICY, { body: { ...GO_ZEROS, name: uniqueName('go') } });
    expect([none.status, none.body['property']]).toEqual([400, 'use_lower_case']);
  });

  test('PUT replaces all but the id and who made it', async () => {
    const id = await sm.create(POLICY, { name: uniqueName('before'), ...FULL });
    const before = await read(id);
    const name = uniqueName('after');
    const answer = await sm.call('PUT', `${POLICY}/${id}`, {
      body: { name, id: randomUUID(), created: '', created_by: 'me', updated_by: 'me', author: 'x' },
    });
    expect([answer.status, answer.text]).toEqual([200, '']);
    const after = await read(id);
    expect(after).toMatchObject({ ...DEFAULTS, id, name, created: before['created'] });
    expect([after['created_by'], after['updated_by']]).toEqual([sm.caller.sub, sm.caller.sub]);
    expect(after['delete_version_after']).toBeUndefined();
    // What was read can be written back.
    expect((await sm.call('PUT', `${POLICY}/${id}`, { body: before })).status).toBe(200);
    expect(await read(id)).toMatchObject({ name: before['name'], ...FULL });
  });

  test('the list holds all, by name', async () => {
    const id = await sm.create(POLICY, { name: uniqueName('AAA listed') });
    const { status, body } = await sm.call('GET', `${POLICIES}?`);
    expect(status).toBe(200);
    const items = body['items'] as Record<string, unknown>[];
    expect(body['count']).toBe(items.length);
    expect(items).toContainEqual(await read(id));
    const names = items.map(item => String(item['name']).toLowerCase());
    expect(names[0]).toMatch(/^aaa/);
  });

  test('delete answers 200 once, then 404', async () => {
    const id = await sm.create(POLICY, { name: uniqueName('gone') });
    expect((await sm.call('DELETE', `${POLICY}/${id}`)).status).toBe(200);
    for (const [method, body] of [['GET'], ['DELETE'], ['PUT', { name: uniqueName('x') }]] as const) {
      const answer = await sm.call(method, `${POLICY}/${id}`, body === undefined ? {} : { body });
      expect([answer.status, answer.body['error_code']]).toEqual([404, 'OBJECT_NOT_FOUND']);
    }
    const generate = await sm.call('POST', `${POLICY}/${id}/generate`);
    expect([generate.status, generate.body['error_code']]).toEqual([404, 'OBJECT_NOT_FOUND']);
  });

  test("delete takes a script template's id too, as the Go SDK sends it", async () => {
    const id = await sm.create(TEMPLATE, { name: uniqueName('t'), operating_system: 'LINUX', script: 'id' });
    expect((await sm.call('GET', `${POLICY}/${id}`)).status).toBe(404);
    expect((await sm.call('DELETE', `${POLICY}/${id}`)).status).toBe(200);
    expect((await sm.call('GET', `${TEMPLATE}/${id}`)).status).toBe(404);
    const policy = await sm.create(POLICY, { name: uniqueName('p') });
    expect((await sm.call('DELETE', `${TEMPLATE}/${policy}`)).status).toBe(404);
  });

  test('a name that is taken, in any spelling, is 409', async () => {
    const name = uniqueName('Taken');
    const id = await sm.create(POLICY, { name });
    const other = await sm.create(POLICY, { name: uniqueName('other') });
    for (const spelling of [name, name.toUpperCase(), ` ${name.replace(' ', '  ')} `]) {
      for (const [method, path] of [
        ['POST', POLICY],
        ['PUT', `${POLICY}/${other}`],
      ] as const) {
        const { status, body } = await sm.call(method, path, { body: { name: spelling } });
        expect([status, body['error_code'], body['property']]).toEqual([409, 'VALUE_DUPLICATE', 'name']);
      }
    }
    expect((await sm.call('PUT', `${POLICY}/${id}`, { body: { name: name.toUpperCase() } })).status).toBe(
      200,
    );
  });

  test('many writers of one name: one wins', async () => {
    const name = uniqueName('raced');
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => sm.call('POST', POLICY, { body: { name } })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array<number>(7).fill(409)]);
  });

  test('generate makes a fresh password that obeys the policy', async () => {
    const id = await sm.create(POLICY, { name: uniqueName('generate'), ...FULL });
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => sm.call('POST', `${POLICY}/${id}/generate`)),
    );
    for (const { status, body } of answers) {
      expect(status).toBe(200);
      expect(Object.keys(body)).toEqual(['password']);
      expect(body['password']).toMatch(/^(?=.*[a-z])(?=.*\d)[a-z\d]{12,14}$/);
    }
    expect(new Set(answers.map(({ text }) => text)).size).toBe(answers.length);
  });

  test('generate finds it by its number, too, which is its own for good', async () => {
    const ids = [
      await sm.create(POLICY, { name: uniqueName('numbered'), ...FULL }),
      await sm.create(POLICY, { name: uniqueName('numbered') }),
    ];
    const [number, other] = await Promise.all(ids.map(async id => (await read(id))['number']));
    expect(number).not.toBe(other);
    await sm.call('PUT', `${POLICY}/${ids[0]}`, {
      body: { name: uniqueName('renamed'), number: other, ...FULL },
    });
    expect((await read(ids[0] ?? ''))['number']).toBe(number);
    const { status, body } = await sm.call('POST', `${POLICIES}/numbers/${String(number)}/generate`);
    expect([status, body['password']]).toEqual([200, expect.stringMatching(/^[a-z\d]{12,14}$/)]);
    const none = await sm.call('POST', `${POLICIES}/numbers/999999/generate`);
    expect([none.status, none.body['error_code']]).toEqual([404, 'OBJECT_NOT_FOUND']);
  });
});
