import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { documentedOperations, readEndpointRows } from '@strongroom/testing/endpoint-page';
import { startTestSecretsManager, type TestSecretsManager } from './support.ts';

let sm: TestSecretsManager;

beforeAll(async () => {
  sm = await startTestSecretsManager();
});
afterAll(() => sm.stop());

test('the page of endpoints says what is served, and nothing else', async () => {
  const rows = await readEndpointRows(
    '/secrets-manager/',
    '/host-store/',
    '/authorizer/',
    '/connection-manager/',
  );
  const documented = documentedOperations((await sm.call('GET', '/openapi.json', { as: null })).body);
  const routed = new Set(documented.filter(operation => !operation.includes(' /SecretServer/')));
  const named = rows.map(row => row.operation);
  const served = new Set(rows.filter(row => row.served !== 'no').map(row => row.operation));
  expect({
    servedButNotNamed: [...routed].filter(operation => !served.has(operation)),
    namedButNotServed: [...served].filter(operation => !routed.has(operation)),
    namedTwice: named.filter((operation, index) => named.indexOf(operation) !== index),
    withoutReason: rows.filter(row => row.served === 'no' && row.remark === ''),
  }).toEqual({ servedButNotNamed: [], namedButNotServed: [], namedTwice: [], withoutReason: [] });
  expect(routed.size).toBeGreaterThan(30);
});
