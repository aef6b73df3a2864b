import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { compareEndpoints, NO_FAULTS } from '@strongroom/testing/endpoints-page';
import { startTestAuth, type TestAuth } from './support.ts';

let auth: TestAuth;

beforeAll(async () => {
  auth = await startTestAuth();
});
afterAll(() => auth.stop());

test('the page of endpoints says what is served, and nothing else', async () => {
  const { body } = await auth.call('GET', '/openapi.json', { as: null });
  const { routed, faults } = await compareEndpoints(body, path => !path.startsWith('/vault/'));
  expect(faults).toEqual(NO_FAULTS);
  expect(routed).toBeGreaterThan(100);
});
