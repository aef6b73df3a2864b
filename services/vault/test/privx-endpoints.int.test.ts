import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { compareEndpoints, NO_FAULTS } from '@strongroom/testing/endpoints-page';
import { startTestVault, type TestVault } from './support.ts';

let vault: TestVault;

beforeAll(async () => {
  vault = await startTestVault();
});
afterAll(() => vault.stop());

test('the page of endpoints says what of the versioned API is served, and nothing else', async () => {
  const { body } = await vault.call('GET', '/openapi.json', { as: null });
  const { routed, faults } = await compareEndpoints(body, path => path.startsWith('/vault/api/v1/secret/'));
  expect(faults).toEqual(NO_FAULTS);
  expect(routed).toBe(11);
});
