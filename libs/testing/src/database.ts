import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { roleName } from '@strongroom/db/provision';

/** The server that test/support/global-setup.js started for this run. */
export interface TestServer {
  port: number;
  superuser: string;
  password: string;
  /** One password for all service roles: they are shared by the databases of a run. */
  rolePassword: string;
}

export const TEST_SERVER_VARIABLE = 'STRONGROOM_TEST_SERVER';
export const TEMPLATE_DATABASE = 'strongroom_template';

export interface TestDatabase {
  /** For `ServiceConfig.databaseUrl`. */
  url: string;
  password: string;
  schema: string;
  /** The same database as its superuser, for tests that tamper with rows. */
  superuserUrl: string;
  /** Breaks every connection of the service role, as a restart of the database would. */
  cutConnections: () => Promise<void>;
  close: () => Promise<void>;
}

/** A database of its own for one test file, with the service's role and empty schema. */
export async function createTestDatabase(schema: string): Promise<TestDatabase> {
  const server = testServer();
  const name = `test_${randomBytes(6).toString('hex')}`;
  await asSuperuser(server, client => client.query(`CREATE DATABASE ${name} TEMPLATE ${TEMPLATE_DATABASE}`));
  const address = `127.0.0.1:${server.port}/${name}`;
  return {
    url: `postgres://${roleName(schema)}@${address}`,
    password: server.rolePassword,
    schema,
    superuserUrl: `postgres://${server.superuser}:${encodeURIComponent(server.password)}@${address}`,
    cutConnections: () =>
      asSuperuser(server, client =>
        client.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1', [name]),
      ),
    close: () => asSuperuser(server, client => client.query(`DROP DATABASE ${name} WITH (FORCE)`)),
  };
}

function testServer(): TestServer {
  const text = process.env[TEST_SERVER_VARIABLE];
  if (text === undefined)
    throw new Error('no test database: integration tests run through the jest configuration');
  return JSON.parse(text) as TestServer;
}

async function asSuperuser(server: TestServer, work: (client: pg.Client) => Promise<unknown>): Promise<void> {
  const client = new pg.Client({
    host: '127.0.0.1',
    port: server.port,
    user: server.superuser,
    password: server.password,
    database: 'postgres',
  });
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}
