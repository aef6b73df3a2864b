import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { POLICIES, POLICY, startTestSecretsManager, TEMPLATE, TEMPLATES, uniqueName } from './support.ts';
import type { TestSecretsManager } from './support.ts';

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const SCRIPT = '#!/bin/sh\nid {{username}}\r\n\techo "é"';

let sm: TestSecretsManager;
beforeAll(async () => {
  sm = await startTestSecretsManager();
});
afterAll(() => sm.stop());

const linux = (name = uniqueName('template')) => ({ name, operating_system: 'LINUX', script: SCRIPT });
const read = async (id: string) => (await sm.call('GET', `${TEMPLATE}/${id}`)).body;
async function named(list: string, name: string): Promise<Record<string, unknown> | undefined> {
  const { body } = await sm.call('GET', list);
  return (body['items'] as Record<string, unknown>[]).find(item => item['name'] === name);
}

describe('script templates', () => {
  test('create answers 201 with id and location; the script comes back byte for byte', async () => {
    const body = linux();
    const answer = await sm.call('POST', TEMPLATE, {
      body: { id: '', created_by: '', created: '0001-01-01T00:00:00Z', ...body },
    });
    expect(answer.status).toBe(201);
    const id = String(answer.body['id']);
    expect(answer.body).toEqual({ id });
    expect(answer.headers.get('location')).toBe(`${TEMPLATE}/${id}`);
    expect(await read(id)).toEqual({
      id,
      ...body,
      created: expect.stringMatching(TIME),
      created_by: sm.caller.sub,
      updated: expect.stringMatching(TIME),
      updated_by: sm.caller.sub,
    });
  });

  test('the operating system is upper case, whatever was sent', async () => {
    const id = await sm.create(TEMPLATE, { ...linux(), operating_system: 'windows', script: 'dir' });
    expect((await read(id))['operating_system']).toBe('WINDOWS');
  });

  test('PUT replaces, the list shows it, DELETE removes it', async () => {
    const id = await sm.create(TEMPLATE, linux());
    const next = { name: uniqueName('next'), operating_system: 'WINDOWS', script: 'net user {{username}}' };
    const { created } = await read(id);
    expect((await sm.call('PUT', `${TEMPLATE}/${id}`, { body: { ...next, created: '' } })).status).toBe(200);
    expect(await read(id)).toMatchObject({ id, ...next, created });
    const { status, body } = await sm.call('GET', TEMPLATES);
    expect([status, body['count']]).toEqual([200, (body['items'] as unknown[]).length]);
    expect(body['items']).toContainEqual(await read(id));
    expect((await sm.call('DELETE', `${TEMPLATE}/${id}`)).status).toBe(200);
    for (const [method, sent] of [['GET'], ['DELETE'], ['PUT', linux()]] as const) {
      const answer = await sm.call(method, `${TEMPLATE}/${id}`, sent === undefined ? {} : { body: sent });
      expect([answer.status, answer.body['error_code']]).toEqual([404, 'OBJECT_NOT_FOUND']);
    }
  });

  test('a name that is taken is 409', async () => {
    const body = linux();
    await sm.create(TEMPLATE, body);
    const other = await sm.create(TEMPLATE, linux());
    const again = { ...body, name: body.name.toUpperCase() };
    for (const [method, at] of [
      ['POST', TEMPLATE],
      ['PUT', `${TEMPLATE}/${other}`],
    ] as const) {
      const answer = await sm.call(method, at, { body: again });
      expect([answer.status, answer.body['error_code'], answer.body['property']]).toEqual([
        409,
        'VALUE_DUPLICATE',
        'name',
      ]);
    }
  });

  test('a script of 64 KiB is kept, however its JSON is spelled', async () => {
    const script = 'é'.repeat(32_768);
    const escaped = JSON.stringify({ ...linux(), script }).replaceAll('é', '\\u00e9');
    const answer = await sm.call('POST', TEMPLATE, { body: escaped });
    expect(answer.status).toBe(201);
    expect((await read(String(answer.body['id'])))['script']).toBe(script);
  });

  test('compile shows the script with quoted samples', async () => {
    const compile = (body: object) => sm.call('POST', `${TEMPLATE}/compile`, { body });
    const answer = await compile({ operating_system: 'LINUX', script: 'id {{username}} # {{hostname}}' });
    expect([answer.status, answer.body]).toEqual([200, { script: "id 'sample-user' # 'host.example.com'" }]);
    const windows = await compile({ operating_system: 'windows', script: 'ping {{address}}' });
    expect(windows.body).toEqual({ script: "ping '192.0.2.10'" });
  });
});

describe('the objects that clients look up by name', () => {
  const policyName = 'PrivX default password policy';
  const templateName = 'Linux per account command template';

  test('are there, made by the system', async () => {
    expect(await named(POLICIES, policyName)).toMatchObject({
      created_by: 'system',
      password_min_length: 16,
    });
    expect(await named(TEMPLATES, templateName)).toMatchObject({
      created_by: 'system',
      operating_system: 'LINUX',
    });
  });

  test('the policy is what a policy without members of its own becomes', async () => {
    const own = (policy: Record<string, unknown> | undefined) =>
      Object.entries(policy ?? {}).filter(([key]) => !/^(id|number|name|created|updated)/.test(key));
    const made = await sm.call('GET', `${POLICY}/${await sm.create(POLICY, { name: randomUUID() })}`);
    expect(own(await named(POLICIES, policyName))).toEqual(own(made.body));
  });

  test('the script hands account and password to chpasswd, and to nobody else', async () => {
    const template = await named(TEMPLATES, templateName);
    const { body } = await sm.call('POST', `${TEMPLATE}/compile`, { body: template });
    const directory = await mkdtemp(path.join(tmpdir(), 'secrets-manager-test-'));
    try {
      // Stands in for the real one: prints its arguments and its input.
      await writeFile(path.join(directory, 'chpasswd'), '#!/bin/sh\necho "$#"\ncat\n', { mode: 0o755 });
      const run = (input: string, script = String(body['script'])) =>
        execFileSync('/bin/sh', ['-c', script], {
          input,
          encoding: 'utf8',
          stdio: ['pipe', 'pipe', 'ignore'],
          env: { PATH: `${directory}:/usr/bin:/bin` },
        });
      const password = `-e 'a\\n%s" $(id) \\`;
      expect(run(`${password}\n`)).toBe(`0\nsample-user:${password}\n`);
      expect(run(password)).toBe(`0\nsample-user:${password}\n`);
      expect(() => run('')).toThrow();
      expect(() => run('x\n', String(body['script']).replace('sample-user', 'a:b'))).toThrow();
    } finally {
      await rm(directory, { recursive: true });
    }
  });

  test('stay deleted once they are, also after a restart', async () => {
    for (const [list, path_, name] of [
      [POLICIES, POLICY, policyName],
      [TEMPLATES, TEMPLATE, templateName],
    ] as const) {
      const id = String((await named(list, name))?.['id']);
      expect((await sm.call('DELETE', `${path_}/${id}`)).status).toBe(200);
    }
    await sm.restart();
    expect(await named(POLICIES, policyName)).toBeUndefined();
    expect(await named(TEMPLATES, templateName)).toBeUndefined();
    // The name is free again.
    await sm.create(POLICY, { name: policyName });
  });
});
