import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { documentedOperations, readEndpointRows } from '@strongroom/testing/endpoint-page';
import { startTestAuth, type TestAuth } from './support.ts';

let auth: TestAuth;

beforeAll(async () => {
  auth = await startTestAuth();
});
afterAll(() => auth.stop());

test('the page of endpoints says what is served, and nothing else', async () => {
  const rows = await readEndpointRows('/auth/', '/role-store/', '/local-user-store/', '/.well-known/');
  const documented = documentedOperations((await auth.call('GET', '/openapi.json', { as: null })).body);
  const routed = new Set(
    documented.filter(operation => !/ \/(?:SecretServer|BeyondTrust)\//.test(operation)),
  );
  const named = rows.map(row => row.operation);
  const served = new Set(rows.filter(row => row.served !== 'no').map(row => row.operation));
  expect({
    servedButNotNamed: [...routed].filter(operation => !served.has(operation)),
    namedButNotServed: [...served].filter(operation => !routed.has(operation)),
    namedTwice: named.filter((operation, index) => named.indexOf(operation) !== index),
    withoutReason: rows.filter(row => row.served === 'no' && row.remark === ''),
  }).toEqual({ servedButNotNamed: [], namedButNotServed: [], namedTwice: [], withoutReason: [] });
  expect(routed.size).toBeGreaterThan(100);
});
