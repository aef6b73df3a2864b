/**
 * Runs TestClient of BeyondTrust's Go library, as it is, against a platform of its own.
 * `node bench/dist/secrets-safe-go.js <TestClient, built>`. It says what it did in its log alone and ends with 0 whatever
 * became of it, so the log is judged: what it made of Secrets Safe's must be said to be there. Exit code 1 when something
 * is not. Workgroups and assets come after that and are no part of Secrets Safe: it stops there.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { startSecretsSafePlatform } from './secrets-safe-platform.ts';

const STEPS = [
  'Successfully Signed App In',
  'Created Credential secret: CREDENTIAL_',
  'Created Text secret: TEXT_',
  'Created File secret: FILE_',
  'Created Folder: FOLDER_',
  'Created Safe: SAFE_',
];

const [program] = process.argv.slice(2);
if (program === undefined) throw new Error('usage: secrets-safe-go <TestClient, built>');

const platform = await startSecretsSafePlatform();
const directory = await mkdtemp(path.join(tmpdir(), 'secrets-safe-go-'));
try {
  await writeFile(path.join(directory, 'test_secret.txt'), 'the content of a file\n');
  const client = spawn(path.resolve(program), [], {
    cwd: directory,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env['PATH'],
      SSL_CERT_FILE: platform.caFile,
      PASSWORD_SAFE_API_URL: platform.apiUrl,
      PASSWORD_SAFE_CLIENT_ID: platform.clientId,
      PASSWORD_SAFE_CLIENT_SECRET: platform.clientSecret,
      // The value of the secrets that it makes.
      PASSWORD_SAFE_FAKE_PASSWORD: 'correct horse',
    },
  });
  let log = '';
  for (const output of [client.stdout, client.stderr]) {
    output.on('data', (chunk: Buffer) => {
      log += chunk.toString();
      process.stdout.write(chunk);
    });
  }
  await once(client, 'close');
  const missing = STEPS.filter(step => !log.includes(step));
  for (const step of STEPS)
    process.stdout.write(`${missing.includes(step) ? 'MISSING' : 'ok     '} ${step}\n`);
  process.exitCode = missing.length === 0 ? 0 : 1;
} finally {
  await rm(directory, { recursive: true });
  await platform.stop();
}
