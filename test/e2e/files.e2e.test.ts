import { createHash, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Agent, request } from 'undici';
import { MAX_FILE_BYTES } from '@strongroom/contracts/limits';
import { roleHandle, runPlatform, type RunningPlatform } from './support.ts';

const FILES = '/vault/api/v1/files/secrets';
const SECRETS = '/vault/api/v1/secrets';

let running: RunningPlatform;
let agent: Agent;
let token: string;

beforeAll(async () => {
  running = await runPlatform();
  agent = new Agent({ connect: { ca: running.platform.ca } });
  token = String((await running.client.signIn()).body?.['access_token']);
});

afterAll(async () => {
  await agent.close();
  await running.stop();
});

const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest();

async function create(name: string): Promise<void> {
  const admin = await roleHandle(running.client, 'privx-admin');
  const body = { name, data: { user: 'root' }, read_roles: [admin], write_roles: [admin] };
  expect((await running.client.call('POST', SECRETS, { body })).status).toBe(201);
}

async function send(method: 'GET' | 'PUT', path: string, body: Buffer | AsyncIterable<Buffer> | null = null) {
  const answer = await request(`${running.platform.baseUrl}${path}`, {
    dispatcher: agent,
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/zip' },
    body: body as Buffer | null,
  });
  const bytes = Buffer.from(await answer.body.arrayBuffer());
  return { status: answer.statusCode, headers: answer.headers, bytes };
}

// eslint-disable-next-line @typescript-eslint/require-await -- what the client takes
async function* inPieces(content: Buffer): AsyncGenerator<Buffer> {
  for (let start = 0; start < content.length; start += 50_000) yield content.subarray(start, start + 50_000);
}

test('a file of five MiB goes through the gateway and comes back, its length stated or not', async () => {
  await create('e2e/with files');
  const content = randomBytes(MAX_FILE_BYTES);
  const hash = sha256(content);
  for (const [path, body] of [
    [`${FILES}/e2e%2Fwith%20files?filename=a.zip`, content],
    [`${FILES}/e2e/with%20files?filename=a.zip`, inPieces(content)],
  ] as const) {
    const stored = await send('PUT', path, body);
    expect([stored.status, JSON.parse(stored.bytes.toString())]).toMatchObject([
      200,
      {
        file: {
          name: 'a.zip',
          media_type: 'application/zip',
          size: MAX_FILE_BYTES,
          sha256: hash.toString('hex'),
        },
      },
    ]);
    const read = await send('GET', path);
    expect([read.status, sha256(read.bytes).equals(hash)]).toEqual([200, true]);
    expect(read.headers).toMatchObject({
      'content-type': 'application/zip',
      'content-length': String(MAX_FILE_BYTES),
      'content-disposition': `attachment; filename="a.zip"; filename*=UTF-8''a.zip`,
      'repr-digest': `sha-256=:${hash.toString('base64')}:`,
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    });
  }
  const { body } = await running.client.call('GET', `${SECRETS}/e2e%2Fwith%20files`);
  expect(body?.['data']).toMatchObject({ user: 'root', file: { file: { size: MAX_FILE_BYTES } } });
});

test('one of a byte more is refused, and so is a large body anywhere else', async () => {
  await create('e2e/too large');
  const content = Buffer.alloc(MAX_FILE_BYTES + 1);
  const path = `${FILES}/e2e%2Ftoo%20large`;
  for (const body of [content, inPieces(content)]) {
    const refused = await send('PUT', path, body);
    expect([refused.status, JSON.parse(refused.bytes.toString())]).toMatchObject([
      413,
      { error_code: 'OUT_OF_RESOURCES' },
    ]);
  }
  expect((await send('GET', path)).status).toBe(404);
  expect((await send('PUT', `${SECRETS}/e2e%2Ftoo%20large`, content)).status).toBe(413);
});

test('an upload that is refused early is told why, whatever is still to come', async () => {
  const content = Buffer.alloc(MAX_FILE_BYTES);
  for (const body of [content, inPieces(content)]) {
    expect((await send('PUT', `${FILES}/e2e%2Fabsent`, body)).status).toBe(404);
  }
});
