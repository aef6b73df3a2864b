import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import pg from 'pg';
import { createTestDatabase, type TestDatabase } from '@strongroom/testing/database';
import { provisionDatabase, roleName } from '../src/provision.ts';

let server: TestDatabase;
let superuser: pg.ClientConfig;

beforeAll(async () => {
  server = await createTestDatabase('vault');
  const url = new URL(server.superuserUrl);
  superuser = {
    host: url.hostname,
    port: Number(url.port),
    user: url.username,
    password: decodeURIComponent(url.password),
  };
});
afterAll(() => server.close());

async function as<T>(config: pg.ClientConfig, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client(config);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

const asRole = <T>(schema: string, database: string, password: string, work: (client: pg.Client) => Promise<T>) =>
  as({ ...superuser, user: roleName(schema), password, database }, work);

describe('provisionDatabase', () => {
  const run = randomBytes(4).toString('hex');
  const database = `provisioned_${run}`;
  const roles = ['one', 'two'].map(name => ({ schema: `${name}_${run}`, password: `it's "${name}"\\ $1` }));
  const [one, two] = roles as [(typeof roles)[0], (typeof roles)[0]];

  afterAll(() =>
    as({ ...superuser, database: 'postgres' }, async client => {
      await client.query(`DROP DATABASE IF EXISTS ${database}`);
      for (const { schema } of roles) await client.query(`DROP ROLE IF EXISTS ${roleName(schema)}`);
    }),
  );

  test('makes a database in which each role keeps tables in its own schema', async () => {
    await provisionDatabase(superuser, database, roles);
    for (const { schema, password } of roles) {
      await asRole(schema, database, password, async client => {
        await client.query(`CREATE TABLE ${schema}.things AS SELECT '${schema}' AS name`);
      });
    }
  });

  test('repeated, keeps what is there and sets the passwords anew', async () => {
    const renewed = roles.map(role => ({ ...role, password: `new ${role.password}` }));
    await provisionDatabase(superuser, database, renewed);
    await expect(asRole(one.schema, database, one.password, () => Promise.resolve())).rejects.toMatchObject({
      code: '28P01',
    });
    const name = await asRole(one.schema, database, `new ${one.password}`, async client => {
      const { rows } = await client.query<{ name: string }>(`SELECT name FROM ${one.schema}.things`);
      return rows[0]?.name;
    });
    expect(name).toBe(one.schema);
    await provisionDatabase(superuser, database, roles);
  });

  test('takes powers away that a role was given by hand', async () => {
    await as({ ...superuser, database }, client => client.query(`ALTER ROLE ${roleName(two.schema)} SUPERUSER CREATEDB`));
    await provisionDatabase(superuser, database, roles);
    await asRole(two.schema, database, two.password, async client => {
      const { rows } = await client.query(
        'SELECT rolsuper, rolcreatedb, rolcreaterole, rolreplication, rolbypassrls, rolcanlogin FROM pg_roles WHERE rolname = current_user',
      );
      expect(rows).toEqual([
        {
          rolsuper: false,
          rolcreatedb: false,
          rolcreaterole: false,
          rolreplication: false,
          rolbypassrls: false,
          rolcanlogin: true,
        },
      ]);
    });
  });
});

describe('the role of one service', () => {
  const database = () => new URL(server.url).pathname.slice(1);
  const vault = <T>(work: (client: pg.Client) => Promise<T>) => asRole('vault', database(), server.password, work);

  beforeAll(() =>
    asRole('auth', database(), server.password, async client => {
      await client.query(`CREATE TABLE auth.users AS SELECT 'admin' AS name`);
      await client.query('CREATE SEQUENCE auth.numbers');
      await client.query(`CREATE FUNCTION auth.secret() RETURNS text LANGUAGE sql RETURN 'x'`);
    }),
  );

  test.each([
    ['read', 'SELECT * FROM auth.users'],
    ['write', "INSERT INTO auth.users VALUES ('mallory')"],
    ['change', "UPDATE auth.users SET name = 'mallory'"],
    ['delete', 'DELETE FROM auth.users'],
    ['empty', 'TRUNCATE auth.users'],
    ['drop', 'DROP TABLE auth.users'],
    ['lock', 'LOCK TABLE auth.users'],
    ['alter', 'ALTER TABLE auth.users ADD x text'],
    ['index', 'CREATE INDEX ON auth.users (name)'],
    ['count with', "SELECT nextval('auth.numbers')"],
    ['call', 'SELECT auth.secret()'],
    ['copy', 'COPY auth.users TO STDOUT'],
    ['create in', 'CREATE TABLE auth.mine (id integer)'],
    ['refer to', 'CREATE VIEW vault.theirs AS SELECT * FROM auth.users'],
    ['grant itself', 'GRANT USAGE ON SCHEMA auth TO strongroom_vault'],
    ['drop the schema of', 'DROP SCHEMA auth CASCADE'],
    ['become', 'SET ROLE strongroom_auth'],
    ['rename', 'ALTER ROLE strongroom_auth RENAME TO x'],
    ['set the password of', "ALTER ROLE strongroom_auth PASSWORD 'x'"],
  ])('cannot %s what is another\'s', async (_what, sql) => {
    await vault(async client => {
      await expect(client.query(sql)).rejects.toMatchObject({ code: '42501' });
    });
  });

  test.each([
    ['a schema', 'CREATE SCHEMA mine'],
    ['a table in public', 'CREATE TABLE public.mine (id integer)'],
    ['a temporary table', 'CREATE TEMPORARY TABLE mine (id integer)'],
    ['a database', 'CREATE DATABASE mine'],
    ['a role', 'CREATE ROLE mine'],
    ['a file', "COPY (SELECT 1) TO '/tmp/mine'"],
    ['a process', "COPY (SELECT 1) TO PROGRAM 'true'"],
  ])('cannot create %s', async (_what, sql) => {
    await vault(async client => {
      await expect(client.query(sql)).rejects.toMatchObject({ code: '42501' });
    });
  });

  test("does not see another's tables in the information schema, nor its statements", async () => {
    const read = () =>
      vault(client =>
        client.query(
          `SELECT 1 FROM information_schema.tables WHERE table_schema <> 'vault'
             AND table_schema NOT IN ('pg_catalog', 'information_schema')`,
        ),
      );
    expect((await read()).rows).toEqual([]);
    await asRole('auth', database(), server.password, async other => {
      await other.query("SELECT 'CANARY'");
      const { rows } = await vault(client =>
        client.query("SELECT query FROM pg_stat_activity WHERE usename = 'strongroom_auth'"),
      );
      expect(JSON.stringify(rows)).not.toContain('CANARY');
    });
  });

  test('cannot enter the database of another', async () => {
    const other = await createTestDatabase('auth');
    const name = new URL(other.url).pathname.slice(1);
    await as({ ...superuser, database: name }, client =>
      client.query(`REVOKE CONNECT ON DATABASE ${name} FROM strongroom_vault`),
    );
    await expect(asRole('vault', name, server.password, () => Promise.resolve())).rejects.toMatchObject({
      code: '42501',
    });
    await other.close();
  });
});
