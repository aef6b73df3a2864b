import { randomBytes } from 'node:crypto';
import { chmod, chown, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { serverAccount } from '@strongroom/embedded-postgres/account';
import { startEmbeddedPostgres } from '@strongroom/embedded-postgres/start';
import { issueAuthority, issueServerCertificate } from '@strongroom/installation/certificates';
import { silentLogger } from '@strongroom/log/logger';

export interface TlsPostgres {
  readonly port: number;
  /** The authority (PEM) of its certificate, which is for 127.0.0.1. */
  readonly ca: string;
  readonly main: { readonly user: string; readonly password: string };
  readonly superuser: pg.Client;
  stop: () => Promise<void>;
}

/** A PostgreSQL of one test, as a target: not the one that the service keeps its tables in. */
export async function startTlsPostgres(): Promise<TlsPostgres> {
  const directory = await mkdtemp(path.join(tmpdir(), 'strongroom-target-'));
  await chmod(directory, 0o711);
  const authority = await issueAuthority(new Date());
  const issued = await issueServerCertificate(authority, ['127.0.0.1'], new Date());
  const account = await serverAccount(path.join(directory, 'none'));
  for (const [name, text] of [
    ['cert.pem', issued.certificate],
    ['key.pem', issued.key],
  ] as const) {
    const file = path.join(directory, name);
    await writeFile(file, text, { mode: 0o600 });
    if (account !== undefined) await chown(file, account.uid, account.gid);
  }
  const main = { user: 'chief', password: randomBytes(24).toString('base64url') };
  const server = await startEmbeddedPostgres({
    dataDirectory: path.join(directory, 'data'),
    logFile: path.join(directory, 'log'),
    superuser: main.user,
    password: main.password,
    durable: false,
    settings: {
      ssl: 'on',
      ssl_cert_file: path.join(directory, 'cert.pem'),
      ssl_key_file: path.join(directory, 'key.pem'),
    },
    log: silentLogger,
  });
  const superuser = new pg.Client({ host: '127.0.0.1', port: server.port, database: 'postgres', ...main });
  await superuser.connect();
  return {
    port: server.port,
    ca: authority.certificate,
    main,
    superuser,
    async stop() {
      await superuser.end();
      await server.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
