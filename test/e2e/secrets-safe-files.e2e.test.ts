import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Agent, FormData, request } from 'undici';
import { MAX_FILE_BYTES } from '@strongroom/contracts/limits';
import { roleHandle, runPlatform, type RunningPlatform } from './support.ts';

const SECRETS_SAFE = '/BeyondTrust/api/public/v3/Secrets-Safe';

let running: RunningPlatform;
let agent: Agent;
let token: string;
let folder: string;

beforeAll(async () => {
  running = await runPlatform();
  agent = new Agent({ connect: { ca: running.platform.ca } });
  token = String((await running.client.signIn()).body?.['access_token']);
  const admin = await roleHandle(running.client, 'privx-admin');
  const body = { path: 'e2e safe', read_roles: [admin], write_roles: [admin] };
  folder = String((await running.client.call('POST', '/vault/api/v1/folders', { body })).body?.['id']);
});
afterAll(async () => {
  await agent.close();
  await running.stop();
});

const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

async function send(method: 'GET' | 'POST' | 'PUT', path: string, form: FormData | null = null) {
  const answer = await request(`${running.platform.baseUrl}${SECRETS_SAFE}${path}`, {
    dispatcher: agent,
    method,
    headers: { authorization: `Bearer ${token}` },
    body: form,
  });
  return { status: answer.statusCode, bytes: Buffer.from(await answer.body.arrayBuffer()) };
}

/** As the Go library makes it, its content repeated as text. */
function formOf(Title: string, content: Buffer): FormData {
  const form = new FormData();
  const FileContent = content.toString('utf8');
  form.append('secretmetadata', JSON.stringify({ Title, FileName: 'a.bin', FileContent }));
  form.append('file', new Blob([content]), 'a.bin');
  return form;
}

test('a file of five MiB goes through the gateway as a form and comes back, and so does what replaces it', async () => {
  const [first, second] = [randomBytes(MAX_FILE_BYTES), randomBytes(MAX_FILE_BYTES)];
  const made = await send('POST', `/Folders/${folder}/secrets/file/`, formOf('large', first));
  const secret = JSON.parse(made.bytes.toString()) as { Id: string };
  expect([made.status, secret]).toMatchObject([201, { FileName: 'a.bin', FileHash: sha256(first) }]);
  const download = `/Secrets/${secret.Id}/file/download`;
  expect(sha256((await send('GET', download)).bytes)).toBe(sha256(first));
  expect((await send('PUT', `/Secrets/${secret.Id}/file`, formOf('large', second))).status).toBe(204);
  expect(sha256((await send('GET', download)).bytes)).toBe(sha256(second));
});

test('one of a byte more is refused', async () => {
  // In a cluster other tests have secrets of that title.
  const title = randomUUID();
  const form = formOf(title, Buffer.alloc(MAX_FILE_BYTES + 1));
  const refused = await send('POST', `/Folders/${folder}/secrets/file`, form);
  expect([refused.status, JSON.parse(refused.bytes.toString())]).toEqual([
    400,
    { error: `A file must have at most ${MAX_FILE_BYTES} bytes` },
  ]);
  const listed = await send('GET', `/Secrets?title=${title}`);
  expect(JSON.parse(listed.bytes.toString())).toEqual([]);
});
