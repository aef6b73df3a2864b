import { expect, test } from '@jest/globals';
import { documentedOperations, readEndpointRows } from '@strongroom/testing/endpoint-page';
import { withTestVault } from './support.ts';

test('the page of endpoints names what vault serves of the contract', async () => {
  const rows = await readEndpointRows('/vault/');
  await withTestVault(async vault => {
    const routed = documentedOperations((await vault.call('GET', '/openapi.json', { as: null })).body);
    const served = rows.filter(row => row.served !== 'no').map(row => row.operation);
    expect(served.filter(operation => !routed.includes(operation))).toEqual([]);
    expect(rows.length).toBe(new Set(rows.map(row => row.operation)).size);
    expect(served).toContain('GET /vault/api/v1/schemas');
    const versioned = routed.filter(operation => operation.includes(' /vault/api/v1/secret/'));
    expect(versioned.filter(operation => !served.includes(operation))).toEqual([]);
  });
});
