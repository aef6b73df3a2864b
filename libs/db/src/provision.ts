import pg from 'pg';
import { scramVerifier } from './scram.ts';

export interface ServiceRole {
  /** Name of the schema, and after `strongroom_` of the role that owns it. */
  schema: string;
  password: string;
}

export const roleName = (schema: string): string => `strongroom_${schema}`;

/**
 * Makes the database, and for each service a role and a schema that only this role can reach. Safe to
 * repeat: it sets the passwords anew and changes nothing else that is there. Passwords do not travel, only what
 * the server keeps of them.
 */
export async function provisionDatabase(
  superuser: pg.ClientConfig,
  database: string,
  roles: readonly ServiceRole[],
): Promise<void> {
  await withClient({ ...superuser, database: 'postgres' }, async client => {
    const { rows } = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [database]);
    if (rows.length === 0) await client.query(`CREATE DATABASE ${pg.escapeIdentifier(database)}`);
    for (const { schema, password } of roles) await ensureRole(client, roleName(schema), password);
  });
  await withClient({ ...superuser, database }, async client => {
    const db = pg.escapeIdentifier(database);
    await client.query(`REVOKE ALL ON DATABASE ${db} FROM PUBLIC`);
    await client.query('REVOKE ALL ON SCHEMA public FROM PUBLIC');
    for (const { schema } of roles) {
      const role = pg.escapeIdentifier(roleName(schema));
      await client.query(`GRANT CONNECT ON DATABASE ${db} TO ${role}`);
      await client.query(`CREATE SCHEMA IF NOT EXISTS ${pg.escapeIdentifier(schema)} AUTHORIZATION ${role}`);
    }
  });
}

async function ensureRole(client: pg.Client, role: string, password: string): Promise<void> {
  const { rows } = await client.query('SELECT 1 FROM pg_roles WHERE rolname = $1', [role]);
  const verb = rows.length === 0 ? 'CREATE' : 'ALTER';
  await client.query(
    `${verb} ROLE ${pg.escapeIdentifier(role)} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOINHERIT
     PASSWORD ${pg.escapeLiteral(scramVerifier(password))}`,
  );
}

async function withClient(
  config: pg.ClientConfig,
  work: (client: pg.Client) => Promise<void>,
): Promise<void> {
  const client = new pg.Client(config);
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}
