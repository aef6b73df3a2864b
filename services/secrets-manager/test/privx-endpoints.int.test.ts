import path from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { compareEndpoints } from '@strongroom/testing/endpoint-page';
import { startTestSecretsManager, type TestSecretsManager } from './support.ts';

const PAGE = path.join(import.meta.dirname, '../../../docs/privx-endpoints-hosts.md');

let sm: TestSecretsManager;

beforeAll(async () => {
  sm = await startTestSecretsManager();
});
afterAll(() => sm.stop());

test('the page of endpoints says what is served, and nothing else', async () => {
  const { body } = await sm.call('GET', '/openapi.json', { as: null });
  const paths = body['paths'] as Record<string, Record<string, unknown>>;
  const { routes, ...faults } = await compareEndpoints(PAGE, paths);
  expect(faults).toEqual({
    servedButNotNamed: [],
    namedButNotServed: [],
    namedTwice: [],
    withoutReason: [],
  });
  expect(routes).toBeGreaterThan(30);
});
