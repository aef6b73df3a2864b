import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createConnection, type Connection } from 'mariadb';
import pg from 'pg';
import { canStartMariadb, startMariadb, type TestMariadb } from '@strongroom/testing/mariadb';
import { HOST_SECRET, type Json } from './host-support.ts';
import { addRotatedHost, change, openReplica, proves, type Replica } from './reach-support.ts';
import { startTestSecretsManager, type TestSecretsManager } from './support.ts';
import { startTlsPostgres, type TlsPostgres } from './tls-postgres.ts';

const newPassword = () => `Nw+${randomBytes(12).toString('hex')}=Z`;
/** Unlike every other, and none that a statement could take for a part of itself. */
const hostile = (part: string) => `${part}-${randomBytes(3).toString('hex')}`;
const HOSTILE = ["o'brien", 'a"b', 'a;drop role x', '$$', 'a\\b', '%s', 'ü @x'];

let sm: TestSecretsManager;
let replica: Replica;
beforeAll(async () => {
  sm = await startTestSecretsManager();
  replica = await openReplica(sm);
});
afterAll(async () => {
  await replica.close();
  await sm.stop();
});

interface Rotated {
  readonly account: string;
  readonly port: number;
  readonly db: Json;
  readonly main?: { readonly user: string; readonly password: string };
}

const addHost = ({ account, port, db, main }: Rotated) =>
  addRotatedHost(sm, {
    services: [{ service: 'SSH' }, { service: 'DB', port, db, use_for_password_rotation: true }],
    password_rotation: { use_main_account: main !== undefined, operating_system: '', script_template_id: '' },
    principals: [
      { principal: account, rotate: true },
      ...(main === undefined
        ? []
        : [{ principal: main.user, passphrase: main.password, use_for_password_rotation: true }]),
    ],
  });

describe('a PostgreSQL server', () => {
  let server: TlsPostgres;
  beforeAll(async () => {
    server = await startTlsPostgres();
  });
  afterAll(() => server.stop());

  const db = () => ({ protocol: 'postgres', tls_certificate_trust_anchors: server.ca });
  const addRole = async (account: string, password: string) => {
    await server.superuser.query(
      `CREATE ROLE ${pg.escapeIdentifier(account)} LOGIN PASSWORD ${pg.escapeLiteral(password)}`,
    );
    return account;
  };

  test.each(HOSTILE)('an account named %j is rotated by the main account, natively', async part => {
    const after = newPassword();
    const account = await addRole(hostile(part), newPassword());
    const host = await addHost({ account, port: server.port, db: db(), main: server.main });
    expect((await sm.call('GET', `${HOST_SECRET}/${host}`)).body['metadata']).toMatchObject({
      protocol: 'POSTGRESQL',
      port: server.port,
      script_template_id: '',
      certificate_validation_options: 'ENABLED',
    });
    await change(replica, host, account, { next: after });
    expect(await proves(replica, host, account, after)).toBe('opens');
  });

  test('an account changes its own', async () => {
    const [current, next] = [newPassword(), newPassword()];
    const account = await addRole(hostile('self'), current);
    const host = await addHost({ account, port: server.port, db: db() });
    await change(replica, host, account, { current, next });
    expect(await proves(replica, host, account, next)).toBe('opens');
  });

  test('a certificate of an unknown authority is refused, unless nobody is to look at it', async () => {
    const account = await addRole(hostile('tls'), 'open-sesame');
    const host = await addHost({ account, port: server.port, db: { protocol: 'postgres' } });
    await expect(proves(replica, host, account, 'open-sesame')).rejects.toMatchObject({
      reason: 'certificate-refused',
    });
    const unchecked = { protocol: 'postgres', tls_certificate_validation: 'DISABLED' };
    const trusting = await addHost({ account, port: server.port, db: unchecked });
    expect(await proves(replica, trusting, account, 'open-sesame')).toBe('opens');
  });
});

((await canStartMariadb()) ? describe : describe.skip)('a MariaDB server', () => {
  let server: TestMariadb;
  let admin: Connection;
  beforeAll(async () => {
    server = await startMariadb();
    const { user, password } = server.admin;
    admin = await createConnection({ host: '127.0.0.1', port: server.port, user, password });
  });
  afterAll(async () => {
    await admin.end();
    await server.stop();
  });

  const db = () => ({ protocol: 'mariadb', tls_certificate_trust_anchors: server.ca });

  test.each(HOSTILE)('an account named %j is rotated by the main account, natively', async part => {
    const [user, after] = [hostile(part), newPassword()];
    await admin.query('CREATE USER ?@? IDENTIFIED BY ?', [user, '127.0.0.%', newPassword()]);
    const account = `${user}@127.0.0.%`;
    const host = await addHost({ account, port: server.port, db: db(), main: server.admin });
    await change(replica, host, account, { next: after });
    expect(await proves(replica, host, account, after)).toBe('opens');
  });

  test('its certificate counts, too', async () => {
    const [user, password] = [hostile('tls'), newPassword()];
    await admin.query('CREATE USER ?@? IDENTIFIED BY ?', [user, '%', password]);
    const host = await addHost({ account: user, port: server.port, db: { protocol: 'mysql' } });
    await expect(proves(replica, host, user, password)).rejects.toMatchObject({
      reason: 'certificate-refused',
    });
    const unchecked = { protocol: 'mysql', tls_certificate_validation: 'DISABLED' };
    const trusting = await addHost({ account: user, port: server.port, db: unchecked });
    expect(await proves(replica, trusting, user, password)).toBe('opens');
  });
});
