import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import pg from 'pg';
import { createTestDatabase, type TestDatabase } from '@strongroom/testing/database';
import { provisionDatabase, roleName, type ServiceRole } from '../src/provision.ts';

const run = randomBytes(4).toString('hex');
const database = `provisioned_${run}`;
const otherDatabase = `other_${run}`;
const role = (name: string): ServiceRole => ({ schema: `${name}_${run}`, password: `it's "${name}"\\ $1` });
const [one, two, stranger] = [role('one'), role('two'), role('stranger')];
const roles = [one, two];

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
  await provisionDatabase(superuser, database, roles);
  await provisionDatabase(superuser, otherDatabase, [stranger]);
});
afterAll(async () => {
  await as({ ...superuser, database: 'postgres' }, async client => {
    for (const name of [database, otherDatabase]) await client.query(`DROP DATABASE IF EXISTS ${name}`);
    for (const { schema } of [...roles, stranger])
      await client.query(`DROP ROLE IF EXISTS ${roleName(schema)}`);
  });
  await server.close();
});

async function as<T>(config: pg.ClientConfig, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client(config);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

const asRole = <T>(
  { schema, password }: ServiceRole,
  work: (client: pg.Client) => Promise<T>,
  where = database,
) => as({ ...superuser, user: roleName(schema), password, database: where }, work);

describe('provisionDatabase', () => {
  test('makes a database in which each role keeps tables in its own schema', async () => {
    for (const own of roles) {
      await asRole(own, async client => {
        await client.query(`CREATE TABLE ${own.schema}.things AS SELECT '${own.schema}' AS name`);
      });
    }
  });

  test('repeated, keeps what is there and sets the passwords anew', async () => {
    const renewed = roles.map(({ schema, password }) => ({ schema, password: `new ${password}` }));
    await provisionDatabase(superuser, database, renewed);
    await expect(asRole(one, () => Promise.resolve())).rejects.toMatchObject({ code: '28P01' });
    const { rows } = await asRole(renewed[0]!, client =>
      client.query(`SELECT name FROM ${one.schema}.things`),
    );
    expect(rows).toEqual([{ name: one.schema }]);
    await provisionDatabase(superuser, database, roles);
  });

  test('takes powers away that a role was given by hand', async () => {
    await as({ ...superuser, database }, client =>
      client.query(`ALTER ROLE ${roleName(two.schema)} SUPERUSER CREATEDB`),
    );
    await provisionDatabase(superuser, database, roles);
    const { rows } = await asRole(two, client =>
      client.query('SELECT rolsuper, rolcreatedb, rolcreaterole FROM pg_roles WHERE rolname = current_user'),
    );
    expect(rows).toEqual([{ rolsuper: false, rolcreatedb: false, rolcreaterole: false }]);
  });
});

describe('the role of one service', () => {
  const theirs = one.schema;
  const them = roleName(theirs);

  beforeAll(() =>
    asRole(one, async client => {
      await client.query(`CREATE TABLE ${theirs}.users AS SELECT 'admin' AS name`);
      await client.query(`CREATE SEQUENCE ${theirs}.numbers`);
      await client.query(`CREATE FUNCTION ${theirs}.secret() RETURNS text LANGUAGE sql RETURN 'x'`);
    }),
  );

  test.each([
    ['read', `SELECT * FROM ${theirs}.users`],
    ['write', `INSERT INTO ${theirs}.users VALUES ('mallory')`],
    ['change', `UPDATE ${theirs}.users SET name = 'mallory'`],
    ['delete', `DELETE FROM ${theirs}.users`],
    ['empty', `TRUNCATE ${theirs}.users`],
    ['drop', `DROP TABLE ${theirs}.users`],
    ['lock', `BEGIN; LOCK TABLE ${theirs}.users`],
    ['alter', `ALTER TABLE ${theirs}.users ADD x text`],
    ['index', `CREATE INDEX ON ${theirs}.users (name)`],
    ['count with', `SELECT nextval('${theirs}.numbers')`],
    ['call', `SELECT ${theirs}.secret()`],
    ['copy', `COPY ${theirs}.users TO STDOUT`],
    ['create in', `CREATE TABLE ${theirs}.mine (id integer)`],
    ['look through a view at', `CREATE VIEW ${two.schema}.view AS SELECT * FROM ${theirs}.users`],
    ['grant itself', `GRANT USAGE ON SCHEMA ${theirs} TO ${roleName(two.schema)}`],
    ['drop the schema of', `DROP SCHEMA ${theirs} CASCADE`],
    ['become', `SET ROLE ${them}`],
    ['set the password of', `ALTER ROLE ${them} PASSWORD 'x'`],
  ])("cannot %s what is another's", async (_what, sql) => {
    await asRole(two, async client => {
      await expect(client.query(sql)).rejects.toMatchObject({ code: '42501' });
    });
  });

  test.each([
    ['a schema', 'CREATE SCHEMA mine'],
    ['a table in public', 'CREATE TABLE public.mine (id integer)'],
    ['a temporary table', 'CREATE TEMPORARY TABLE mine (id integer)'],
    ['a database', 'CREATE DATABASE mine'],
    ['a role', 'CREATE ROLE mine'],
    ['a file', "COPY (SELECT 1) TO '/mine'"],
    ['a process', "COPY (SELECT 1) TO PROGRAM 'true'"],
  ])('cannot create %s', async (_what, sql) => {
    await asRole(two, async client => {
      await expect(client.query(sql)).rejects.toMatchObject({ code: '42501' });
    });
  });

  test("does not see another's tables in the information schema, nor its statements", async () => {
    const { rows } = await asRole(two, client =>
      client.query(
        `SELECT table_name FROM information_schema.tables
         WHERE table_schema NOT IN ('pg_catalog', 'information_schema', '${two.schema}')`,
      ),
    );
    expect(rows).toEqual([]);
    await asRole(one, async other => {
      await other.query("SELECT 'CANARY'");
      const seen = await asRole(two, client =>
        client.query('SELECT query FROM pg_stat_activity WHERE usename = $1', [them]),
      );
      expect(seen.rows).toHaveLength(1);
      expect(JSON.stringify(seen.rows)).not.toContain('CANARY');
    });
  });

  test('cannot enter a database that was not made for it', async () => {
    await asRole(stranger, () => Promise.resolve(), otherDatabase);
    await expect(asRole(two, () => Promise.resolve(), otherDatabase)).rejects.toMatchObject({
      code: '42501',
    });
  });
});
