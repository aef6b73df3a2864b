import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { MAX_FILE_BYTES } from '@strongroom/contracts/limits';
import { CHUNK_BYTES } from '@strongroom/crypto/sealed-stream';
import { eventually } from '@strongroom/testing/eventually';
import { filesOf, FILES, sha256, type Files } from './files.ts';
import { pathOf, startTestVault, type TestVault } from './support.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

let vault: TestVault;
let files: Files;

beforeAll(async () => {
  vault = await startTestVault();
  files = await filesOf(vault);
});
afterAll(() => vault.stop());

/** Bytes that are in use, here in client and service together. */
function inUse(): number {
  // The second one waits for what the first still sweeps in the background.
  collectGarbage();
  collectGarbage();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

test('an upload and a download of the largest file hold a small part of it at any time', async () => {
  const content = randomBytes(MAX_FILE_BYTES);
  const name = await files.create();
  // What is made once, such as prepared statements, is made before.
  await files.put(name, Buffer.from('x'));
  await files.get(name);
  const [, chunks] = await files.rows();
  const before = inUse();
  let peak = 0;
  const look = () => (peak = Math.max(peak, inUse() - before));

  const { request, status } = files.begin(name);
  const step = MAX_FILE_BYTES / 10;
  for (let start = 0; start < content.length; start += step) {
    request.write(content.subarray(start, start + step));
    // What waits in sockets would not count: all but the last two chunks has got through.
    const through = Math.floor((start + step) / CHUNK_BYTES) - 1;
    await eventually('it is stored', async () => (await files.rows())[1] >= chunks + through);
    look();
  }
  request.end();
  expect(await status).toBe(200);

  const reading = httpRequest(vault.url, {
    path: pathOf(name, FILES),
    headers: { authorization: files.as },
    agent: false,
  });
  reading.end();
  const [response] = (await once(reading, 'response')) as [IncomingMessage];
  const hash = createHash('sha256');
  let received = 0;
  let looked = 0;
  for await (const piece of response as AsyncIterable<Buffer>) {
    hash.update(piece);
    received += piece.length;
    if (received - looked < step) continue;
    looked = received;
    look();
  }
  expect([received, hash.digest('hex')]).toEqual([MAX_FILE_BYTES, sha256(content)]);
  expect(looked).toBeGreaterThan(MAX_FILE_BYTES - 2 * step);
  // Whoever gathered it would hold all of it.
  expect(peak).toBeLessThan(MAX_FILE_BYTES / 2);
});
