import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from '@jest/globals';
import { silentLogger } from '@strongroom/log/logger';
import { exportJWK, generateKeyPair } from 'jose';
import { TOKEN_ALGORITHM } from './access-token.ts';
import { keysOfAuth } from './auth-keys.ts';

let server: Server | undefined;
const close = () =>
  new Promise<void>(resolve => {
    server?.close(() => resolve());
    server?.closeAllConnections();
    if (server === undefined) resolve();
    server = undefined;
  });
afterEach(close);

async function startAuth(...kids: string[]) {
  const served = { kids, asked: 0 };
  const { publicKey } = await generateKeyPair(TOKEN_ALGORITHM, { crv: 'Ed25519' });
  const jwk = await exportJWK(publicKey);
  server = createServer((_request, response) => {
    served.asked += 1;
    response.end(JSON.stringify({ keys: served.kids.map(kid => ({ ...jwk, kid, alg: TOKEN_ALGORITHM })) }));
  });
  await new Promise<void>(resolve => server?.listen(0, '127.0.0.1', resolve));
  let time = 0;
  const failures: string[] = [];
  const log = { ...silentLogger, error: (message: string) => void failures.push(message) };
  const authUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const keys = keysOfAuth({ authUrl, now: () => new Date(time), log });
  const find = async (kid: string) =>
    keys({ alg: TOKEN_ALGORITHM, kid }, { payload: '', signature: '', protected: '' });
  return { served, failures, find, pass: (minutes: number) => (time += minutes * 60_000) };
}

test('a known key holds for as long as auth is away', async () => {
  const { find, failures, pass } = await startAuth('one');
  await find('one');
  await close();
  for (let hour = 0; hour < 5; hour += 1) {
    pass(60);
    await expect(find('one')).resolves.toBeDefined();
    while (failures.length <= hour) await new Promise(resolve => setImmediate(resolve));
  }
});

test('the set is asked for again, and a key that was taken out of it ends', async () => {
  const { find, served, pass } = await startAuth('one', 'two');
  await find('two');
  expect(served.asked).toBe(1);
  served.kids = ['one'];
  pass(9);
  await expect(find('two')).resolves.toBeDefined();
  expect(served.asked).toBe(1);
  pass(1);
  // Whoever comes first is not made to wait.
  await expect(find('two')).resolves.toBeDefined();
  const isGone = () =>
    find('two').then(
      () => false,
      () => true,
    );
  while (!(await isGone())) await new Promise(resolve => setImmediate(resolve));
  await expect(find('one')).resolves.toBeDefined();
});
