// Starts one PostgreSQL for the whole run; every test file makes its own database in it. Redis and RabbitMQ start when
// a test file asks for them.
import { randomBytes } from 'node:crypto';
import { chmod, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { provisionDatabase } from '@strongroom/db/provision';
import { startEmbeddedPostgres } from '@strongroom/embedded-postgres/start';
import { silentLogger } from '@strongroom/log/logger';
import { TEMPLATE_DATABASE, TEST_SERVER_VARIABLE } from '@strongroom/testing/database';
import { offerServers } from '@strongroom/testing/run-servers';

export default async function setup() {
  const directory = await mkdtemp(path.join(tmpdir(), 'strongroom-test-'));
  // As root the server runs under another account, which must be able to enter.
  await chmod(directory, 0o711);
  const password = randomBytes(24).toString('base64url');
  const rolePassword = randomBytes(24).toString('base64url');
  const server = await startEmbeddedPostgres({
    dataDirectory: path.join(directory, 'postgres'),
    logFile: path.join(directory, 'postgres.log'),
    superuser: 'strongroom_test',
    password,
    durable: false,
    settings: { max_connections: '200' },
    log: silentLogger,
  });
  const { superuser, port } = server;
  await provisionDatabase(
    { host: '127.0.0.1', port, user: superuser, password },
    TEMPLATE_DATABASE,
    ['auth', 'vault', 'secrets_manager', 'monitor'].map(schema => ({ schema, password: rolePassword })),
  );
  process.env[TEST_SERVER_VARIABLE] = JSON.stringify({ port, superuser, password, rolePassword });
  globalThis.strongroomTestServer = { server, directory, servers: await offerServers(process.env) };
}
