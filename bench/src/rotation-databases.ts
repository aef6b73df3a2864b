import { randomBytes } from 'node:crypto';
import { chmod, chown, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createConnection } from 'mariadb';
import pg from 'pg';
import { serverAccount } from '@strongroom/embedded-postgres/account';
import { startEmbeddedPostgres } from '@strongroom/embedded-postgres/start';
import { issueAuthority, issueServerCertificate } from '@strongroom/installation/certificates';
import { silentLogger } from '@strongroom/log/logger';
import { createLink } from '@strongroom/testing/link';
import { startMariadb } from '@strongroom/testing/mariadb';
import type { ProcessClient } from '@strongroom/testing/process-client';
import { create, newPassword, onHost, type RotatedHost, type Rotation } from './rotation-hosts.ts';

/** Names that must be quoted everywhere. */
const accountNames = (count: number): string[] =>
  Array.from({ length: count }, () => `app "o'neil"; -- ${randomBytes(4).toString('hex')}`);

interface DatabaseServer {
  readonly protocol: 'postgres' | 'mariadb';
  readonly port: number;
  readonly ca: string;
  readonly admin: { readonly user: string; readonly password: string };
  readonly addAccount: (account: string, password: string) => Promise<void>;
  readonly opens: RotatedHost['opens'];
  readonly stop: () => Promise<void>;
}

/** A database over TLS whose administrator changes the passwords of the others. */
export async function startDatabaseHost(
  client: ProcessClient,
  rotation: Rotation,
  protocol: DatabaseServer['protocol'],
  accountCount: number,
): Promise<RotatedHost> {
  const server = await (protocol === 'postgres' ? startPostgres() : startMysql());
  const link = await createLink(server.port);
  const stop = async () => {
    await link.close();
    await server.stop();
  };
  try {
    const accounts = accountNames(accountCount);
    const initialPasswords = accounts.map(newPassword);
    for (const [index, account] of accounts.entries()) {
      await server.addAccount(account, initialPasswords[index] ?? '');
    }
    const { user, password } = server.admin;
    const id = await create(client, '/host-store/api/v1/hosts', {
      common_name: `rotated in ${protocol}`,
      addresses: ['127.0.0.1'],
      services: [
        {
          service: 'DB',
          address: '127.0.0.1',
          port: link.port,
          use_for_password_rotation: true,
          db: {
            protocol,
            tls_certificate_validation: 'ENABLED',
            tls_certificate_trust_anchors: server.ca,
          },
        },
      ],
      password_rotation_enabled: true,
      password_rotation: { use_main_account: true, password_policy_id: rotation.policyId },
      principals: [
        { principal: user, rotate: false, use_for_password_rotation: true, passphrase: password },
        ...accounts.map((principal, index) => ({
          principal,
          rotate: true,
          passphrase: initialPasswords[index],
        })),
      ],
    });
    return { kind: protocol, ...onHost(id), accounts, initialPasswords, link, opens: server.opens, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function startPostgres(): Promise<DatabaseServer> {
  const directory = await mkdtemp(path.join(tmpdir(), 'strongroom-target-'));
  await chmod(directory, 0o711);
  const authority = await issueAuthority(new Date());
  const issued = await issueServerCertificate(authority, ['127.0.0.1'], new Date());
  const owner = await serverAccount(path.join(directory, 'none'));
  const place = (name: string) => path.join(directory, name);
  for (const [name, text] of [
    ['cert.pem', issued.certificate],
    ['key.pem', issued.key],
  ] as const) {
    await writeFile(place(name), text, { mode: 0o600 });
    if (owner !== undefined) await chown(place(name), owner.uid, owner.gid);
  }
  const admin = { user: 'administrator', password: newPassword() };
  const server = await startEmbeddedPostgres({
    dataDirectory: place('data'),
    logFile: place('log'),
    superuser: admin.user,
    password: admin.password,
    durable: false,
    settings: { ssl: 'on', ssl_cert_file: place('cert.pem'), ssl_key_file: place('key.pem') },
    log: silentLogger,
  });
  const { port } = server;
  const signIn = async (user: string, password: string, statement: string) => {
    const session = new pg.Client({ host: '127.0.0.1', port, user, password, database: 'postgres' });
    try {
      await session.connect();
      await session.query(statement);
    } finally {
      await session.end();
    }
  };
  return {
    protocol: 'postgres',
    port,
    ca: authority.certificate,
    admin,
    addAccount: (account, password) =>
      signIn(
        admin.user,
        admin.password,
        `CREATE ROLE ${pg.escapeIdentifier(account)} LOGIN PASSWORD ${pg.escapeLiteral(password)}`,
      ),
    // invalid_password is the server's no.
    opens: (account, password) => isYes(signIn(account, password, 'SELECT 1'), '28P01'),
    async stop() {
      await server.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

async function startMysql(): Promise<DatabaseServer> {
  const server = await startMariadb();
  const { port, admin, ca } = server;
  const signIn = async (
    user: string,
    password: string,
    statement: string,
    values: readonly string[] = [],
  ) => {
    const session = await createConnection({ host: '127.0.0.1', port, user, password });
    try {
      await session.query(statement, [...values]);
    } finally {
      await session.end();
    }
  };
  return {
    protocol: 'mariadb',
    port,
    ca,
    admin,
    addAccount: (account, password) =>
      signIn(admin.user, admin.password, "CREATE USER ?@'%' IDENTIFIED BY ?", [account, password]),
    opens: (account, password) => isYes(signIn(account, password, 'SELECT 1'), 'ER_ACCESS_DENIED_ERROR'),
    stop: server.stop,
  };
}

/** Whether it succeeds. Rejects when it fails by another code than that of a refusal. */
async function isYes(attempt: Promise<void>, refusal: string): Promise<boolean> {
  try {
    await attempt;
    return true;
  } catch (error) {
    if ((error as { code?: unknown }).code === refusal) return false;
    throw error;
  }
}
