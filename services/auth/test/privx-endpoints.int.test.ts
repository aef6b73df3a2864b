import path from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { compareEndpoints } from '@strongroom/testing/endpoint-page';
import { startTestAuth, type TestAuth } from './support.ts';

const PAGE = path.join(import.meta.dirname, '../../../docs/privx-endpoints.md');

let auth: TestAuth;

beforeAll(async () => {
  auth = await startTestAuth();
});
afterAll(() => auth.stop());

test('the page of endpoints says what is served, and nothing else', async () => {
  const { body } = await auth.call('GET', '/openapi.json', { as: null });
  const paths = body['paths'] as Record<string, Record<string, unknown>>;
  const { routes, ...faults } = await compareEndpoints(PAGE, paths);
  expect(faults).toEqual({
    servedButNotNamed: [],
    namedButNotServed: [],
    namedTwice: [],
    withoutReason: [],
  });
  expect(routes).toBeGreaterThan(100);
});
