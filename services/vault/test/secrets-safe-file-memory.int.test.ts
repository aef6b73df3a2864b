import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { MAX_FILE_BYTES } from '@strongroom/contracts/limits';
import { CHUNK_BYTES } from '@strongroom/crypto/sealed-stream';
import { eventually } from '@strongroom/testing/eventually';
import { filesOf, sha256, type Files } from './files.ts';
import { beginForm, BOUNDARY, filePart, form, metadataPart } from './forms.ts';
import { API, caller, createFolder, secretOf } from './secrets-safe.ts';
import { pathOf, startTestVault, uniqueName, type TestVault } from './support.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

let vault: TestVault;
let files: Files;
let folder: { id: string; path: string };

beforeAll(async () => {
  vault = await startTestVault();
  files = await filesOf(vault);
  folder = await createFolder(vault, uniqueName('safe'));
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

test('a form with the largest file, which is repeated in its metadata, holds a small part of it at any time', async () => {
  const call = caller(vault);
  const content = randomBytes(MAX_FILE_BYTES);
  // What is made once, such as prepared statements, is made before.
  const first = await call(
    'POST',
    `/folders/${folder.id}/secrets/file`,
    form(metadataPart({ Title: uniqueName('first') }), filePart('x')),
  );
  await call('GET', `/secrets/${secretOf(first).Id}/file`);
  const [, chunks] = await files.rows();
  const before = inUse();
  let peak = 0;
  const look = () => (peak = Math.max(peak, inUse() - before));

  const title = uniqueName('large');
  const url = `${vault.url}${API}/folders/${folder.id}/secrets/file`;
  const { request, status } = beginForm('POST', url, files.as);
  request.write(`--${BOUNDARY}\r\n${filePart('')[0]}\r\n\r\n`);
  const step = MAX_FILE_BYTES / 10;
  for (let start = 0; start < content.length; start += step) {
    request.write(content.subarray(start, start + step));
    // What waits in sockets would not count: all but the last two chunks has got through.
    const through = Math.floor((start + step) / CHUNK_BYTES) - 1;
    await eventually('it is stored', async () => (await files.rows())[1] >= chunks + through);
    look();
  }
  request.write(`\r\n--${BOUNDARY}\r\n${metadataPart({})[0]}\r\n\r\n{"Title":"${title}","FileContent":"`);
  const escaped = '\\u0000'.repeat(CHUNK_BYTES);
  for (let sent = 0; sent < MAX_FILE_BYTES; sent += CHUNK_BYTES) {
    // At the pace at which the service reads.
    if (!request.write(escaped)) await once(request, 'drain');
    if (sent % (8 * CHUNK_BYTES) === 0) look();
  }
  request.end(`"}\r\n--${BOUNDARY}--\r\n`);
  expect(await status).toBe(201);
  look();

  const { body: made } = await vault.call('GET', pathOf(`${folder.path}/${title}`));
  const reading = httpRequest(vault.url, {
    path: `${API}/secrets/${String(made['id'])}/file/download`,
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
  // Whoever gathered the file, or what repeats it, would hold all of it.
  expect(peak).toBeLessThan(MAX_FILE_BYTES / 2);
});
