import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from '@jest/globals';
import { silentLogger } from '@strongroom/log/logger';
import { createRoleDirectory } from './role-directory.ts';

let server: Server;
let now = new Date('2026-01-01T00:00:00Z');
/** What auth answers next, and how often it was asked. */
const auth: {
  status: number;
  roles: { id: string; name: string; permissions?: string[] | null }[];
  asked: number;
} = { status: 200, roles: [{ id: 'a', name: 'one' }], asked: 0 };

async function startDirectory() {
  server = createServer((_request, response) => {
    auth.asked += 1;
    response.writeHead(auth.status, { 'content-type': 'application/json' });
    const failure = { error_code: 'PERMISSION_DENIED', error_message: 'no' };
    response.end(
      JSON.stringify(auth.status === 200 ? { count: auth.roles.length, items: auth.roles } : failure),
    );
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return createRoleDirectory({
    authUrl: `http://127.0.0.1:${port}`,
    token: () => Promise.resolve('token'),
    now: () => now,
    log: silentLogger,
  });
}

afterEach(() => {
  server.closeAllConnections();
  server.close();
  Object.assign(auth, { status: 200, roles: [{ id: 'a', name: 'one' }], asked: 0 });
});

test('names are asked for once, and anew on request', async () => {
  const directory = await startDirectory();
  expect(await directory.names()).toEqual(new Map([['a', 'one']]));
  expect(await directory.names()).toEqual(new Map([['a', 'one']]));
  expect(auth.asked).toBe(1);
  auth.roles = [{ id: 'a', name: 'two' }];
  expect(await directory.refresh()).toEqual(new Map([['a', 'two']]));
});

test('tells which roles carry a permission', async () => {
  auth.roles = [
    { id: 'a', name: 'one', permissions: ['vault-add', 'vault-manage'] },
    { id: 'b', name: 'two', permissions: ['vault-add'] },
    { id: 'c', name: 'three', permissions: null },
    { id: 'd', name: 'four' },
  ];
  const directory = await startDirectory();
  expect(await directory.carrying('vault-manage', ['d', 'c', 'b', 'a'])).toEqual(['a']);
  expect(await directory.carrying('vault-add', ['b', 'a'])).toEqual(['b', 'a']);
  expect(await directory.carrying('roles-view', ['a', 'b'])).toEqual([]);
  expect(auth.asked).toBe(1);
  auth.roles.push({ id: 'e', name: 'five', permissions: ['vault-manage'] });
  expect(await directory.carrying('vault-manage', ['e', 'f'])).toEqual(['e']);
});

test('reads go on with old names while auth refuses or is away', async () => {
  const directory = await startDirectory();
  await directory.names();
  auth.status = 500;
  now = new Date(now.getTime() + 3_600_000);
  expect(await directory.names()).toEqual(new Map([['a', 'one']]));
});

test.each([401, 403, 400, 500])(
  'a %d of auth is our fault: the caller sees 503, never that status',
  async status => {
    auth.status = status;
    const directory = await startDirectory();
    await expect(directory.names()).rejects.toMatchObject({
      kind: 'unavailable',
      code: 'INTRA_SERVICE_COMMUNICATION_ERROR',
    });
  },
);
