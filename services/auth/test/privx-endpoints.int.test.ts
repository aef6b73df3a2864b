import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startTestAuth, type TestAuth } from './support.ts';

const PAGE = path.join(import.meta.dirname, '../../../docs/privx-endpoints.md');

let auth: TestAuth;

beforeAll(async () => {
  auth = await startTestAuth();
});
afterAll(() => auth.stop());

interface Row {
  operation: string;
  served: string;
  remark: string;
}

/** Page and document need not agree on what the parts of a path are called. */
const operationOf = (method: string, url: string) =>
  `${method.toUpperCase()} ${url.replace(/\{[^}]*\}/g, '{}')}`;

/** Throws on a line of a table that is none of ours, so that no row is passed over by a slip. */
function readRows(page: string): Row[] {
  return page
    .split('\n')
    .filter(line => line.startsWith('|') && !/^\|( endpoint |[ -]+\|)/.test(line))
    .map(line => {
      const [, method, url, served, remark] =
        /^\| `(GET|POST|PUT|DELETE) (\/\S*)` +\| (yes|own|no) +\| (.*?) *\|$/.exec(line) ?? [];
      if (!method || !url || !served || remark === undefined) throw new Error(`not a row: ${line}`);
      return { operation: operationOf(method, url), served, remark };
    });
}

async function routedOperations(): Promise<string[]> {
  const { body } = await auth.call('GET', '/openapi.json', { as: null });
  return Object.entries(body['paths'] as Record<string, Record<string, unknown>>).flatMap(([url, methods]) =>
    Object.keys(methods).map(method => operationOf(method, url)),
  );
}

test('the page of endpoints says what is served, and nothing else', async () => {
  const rows = readRows(await readFile(PAGE, 'utf8'));
  const routed = new Set(await routedOperations());
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
