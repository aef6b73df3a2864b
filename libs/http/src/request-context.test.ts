import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createLogger, type Logger } from '@strongroom/log/logger';
import { Line, Members } from '@strongroom/schema/types';
import { startApp, type TestApp } from '../test/app.ts';
import { callJson } from './client.ts';
import { ok, PUBLIC, route } from './route.ts';

let directory: string;
let log: Logger;
let back: TestApp;
let front: TestApp;

const common = { tag: 'test', summary: '', access: PUBLIC } as const;
const REQUEST = 'aaaaaaaa-0000-4000-8000-000000000001';

beforeEach(async () => {
  directory = mkdtempSync(path.join(tmpdir(), 'strongroom-log-'));
  const file = { path: path.join(directory, 'log'), maxBytes: 10_000_000, maxFiles: 2 };
  log = createLogger({ level: 'info', file });
  back = await startApp([
    route({
      ...common,
      method: 'get',
      path: '/roles',
      operationId: 'roles',
      handle: async () => {
        await new Promise(resolve => setImmediate(resolve));
        log.info('asked', { service: 'auth' });
        return ok({});
      },
    }),
  ]);
  front = await startApp([
    route({
      ...common,
      method: 'post',
      path: '/secrets',
      operationId: 'create',
      body: Members({ name: Line(9) }),
      handle: async ({ body }) => {
        await callJson({ method: 'GET', url: `http://127.0.0.1:${back.port}/roles`, deadlineMs: 10_000 });
        log.with({ service: 'vault' }).info('created', { name: body.name });
        return ok({});
      },
    }),
  ]);
});

afterEach(async () => {
  await front.stop();
  await back.stop();
  await log.close();
  rmSync(directory, { recursive: true });
});

const lines = (): Record<string, unknown>[] =>
  readFileSync(path.join(directory, 'log'), 'utf8')
    .trim()
    .split('\n')
    .map(line => JSON.parse(line) as Record<string, unknown>);

test('lines of two services that work for one request carry its id, also behind a body that is read', async () => {
  const ids = [REQUEST, REQUEST.replace(/1$/, '2')];
  await Promise.all(
    ids.map((id, index) =>
      front.send('POST', '/secrets', {
        headers: { 'x-request-id': id },
        body: JSON.stringify({ name: String(index) }),
      }),
    ),
  );
  log.info('later');
  const told = lines().map(({ service, name, requestId }) => ({ service, name, requestId }));
  expect(told).toHaveLength(5);
  ids.forEach((requestId, index) => {
    expect(told).toContainEqual({ service: 'auth', requestId });
    expect(told).toContainEqual({ service: 'vault', name: String(index), requestId });
  });
  // Outside of a request there is none.
  expect(told.at(-1)).toEqual({});
});
