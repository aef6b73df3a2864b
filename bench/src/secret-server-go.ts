/**
 * Runs the tests of Delinea's Go SDK, as they are, against a platform of its own.
 * `node bench/dist/secret-server-go.js <tests of DelineaXPM/tss-sdk-go/v3/server, built by go test -c>`.
 * Exit code: that of the tests.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { startSecretServerPlatform } from './secret-server-platform.ts';

const [program] = process.argv.slice(2);
if (program === undefined) throw new Error('usage: secret-server-go <tests, built>');

/**
 * Each test runs against Secret Server and against the Delinea Platform. The second would rename a secret to what the first
 * deleted one is called, whose name is kept here: the two get folders of their own.
 */
const HALVES = ['SecretServer', 'Platform'];

const platform = await startSecretServerPlatform({ asTenant: false });
try {
  const { body } = await platform.client.call(
    'GET',
    `/SecretServer/api/v1/secret-templates?filter.searchText=${encodeURIComponent('Unix Account (SSH)')}`,
  );
  const [keyTemplate] = body?.['records'] as { id: number }[];
  const base = `${platform.publicUrl}/SecretServer`;
  for (const half of HALVES) {
    const folder = await platform.client.call('POST', '/SecretServer/api/v1/folders', {
      body: { folderName: half, folderTypeId: 1, parentFolderId: platform.folder.id },
    });
    const tests = spawn(path.resolve(program), ['-test.v', `-test.run=/${half}`], {
      cwd: tmpdir(),
      stdio: 'inherit',
      env: {
        PATH: process.env['PATH'],
        SSL_CERT_FILE: platform.caFile,
        TSS_SERVER_URL: base,
        TSS_USERNAME: platform.username,
        TSS_PASSWORD: platform.password,
        TSS_PLATFORM_URL: `${base}/platform`,
        TSS_PLATFORM_USERNAME: platform.username,
        TSS_PLATFORM_PASSWORD: platform.password,
        TSS_SITE_ID: '1',
        TSS_FOLDER_ID: String(folder.body?.['id']),
        TSS_TEMPLATE_ID: String(platform.templateId),
        TSS_SSH_KEY_TEMPLATE_ID: String(keyTemplate?.id),
        TSS_TEST_PASSWORD: 'correct horse battery',
        TSS_SECRET_ID: String(platform.secret.id),
        TSS_SECRET_PATH: platform.secret.path.replaceAll('\\', '/'),
        TSS_SEARCH_FIELD: 'Name',
        TSS_SEARCH_TEXT: 'Example',
      },
    });
    const [code] = (await once(tests, 'exit')) as [number | null];
    if (code !== 0) process.exitCode = code ?? 1;
  }
} finally {
  await platform.stop();
}
