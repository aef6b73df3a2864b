/**
 * Runs the tests of Delinea's Python SDK, as they are, against a platform of its own.
 * `node bench/dist/secret-server-python.js <checkout of DelineaXPM/python-tss-sdk>`; needs python3 with requests, pytest
 * and dotenv. Its tests build the address of a tenant of the product's cloud, so that name leads here while they run
 * (`bench/python/local_tenant.py`). Exit code: pytest's.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import process from 'node:process';
import { startSecretServerPlatform, TENANT } from './secret-server-platform.ts';

const [checkout] = process.argv.slice(2);
if (checkout === undefined) throw new Error('usage: secret-server-python <checkout of python-tss-sdk>');

const platform = await startSecretServerPlatform();
try {
  const plugins = path.resolve(import.meta.dirname, '../python');
  const pytest = spawn('python3', ['-m', 'pytest', '-v', '-p', 'local_tenant', 'tests/test_server.py'], {
    cwd: path.resolve(checkout),
    stdio: 'inherit',
    env: {
      ...process.env,
      PYTHONPATH: `${plugins}${path.delimiter}${path.resolve(checkout)}`,
      PYTHONDONTWRITEBYTECODE: '1',
      REQUESTS_CA_BUNDLE: platform.caFile,
      LOCAL_TENANT_ADDRESS: platform.address,
      TSS_TENANT: TENANT,
      TSS_USERNAME: platform.username,
      TSS_PASSWORD: platform.password,
      TSS_SECRET_ID: String(platform.secret.id),
      TSS_SECRET_PATH: platform.secret.path,
      TSS_FOLDER_ID: String(platform.folder.id),
      TSS_FOLDER_PATH: platform.folder.path,
      TSS_PLATFORM_BASE_URL: `https://${TENANT}.secretservercloud.com/SecretServer/platform`,
      TSS_PLATFORM_USERNAME: platform.username,
      TSS_PLATFORM_PASSWORD: platform.password,
    },
  });
  const [code] = (await once(pytest, 'exit')) as [number | null];
  process.exitCode = code ?? 1;
} finally {
  await platform.stop();
}
