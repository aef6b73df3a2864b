import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmod, chown, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { serverAccount } from '@strongroom/embedded-postgres/account';
import { freePort } from '@strongroom/embedded-postgres/free-port';
import { spawnOptions, type Account } from '@strongroom/embedded-postgres/run';
import { issueAuthority, issueServerCertificate } from '@strongroom/installation/certificates';
import { greets } from './greets.ts';
import { demand } from './on-demand.ts';
import { ownServer, programLauncher, type OwnServer } from './own-server.ts';

/** Whether `startMariadb` works here. With CI=true a machine that cannot is a failure. */
export const canStartMariadb = async (): Promise<boolean> => (await demand('mariadb-program')) !== undefined;

export interface TestMariadb extends Pick<OwnServer, 'port' | 'start' | 'kill' | 'stop'> {
  readonly admin: { readonly user: string; readonly password: string };
  /** The authority (PEM) of its certificate, which is for 127.0.0.1. */
  readonly ca: string;
  /** Everything that it wrote down of statements: the general log, and the binary one, which replicas get. */
  readStatementLogs: () => Promise<{ general: string; binary: string }>;
}

/** Started; a MariaDB of one test, with TLS, that logs whatever it is told. */
export async function startMariadb(): Promise<TestMariadb> {
  const program = await demand<string>('mariadb-program');
  if (program === undefined) throw new Error('this machine can run no MariaDB');
  const port = await freePort();
  const directory = await mkdtemp(path.join(tmpdir(), 'strongroom-mariadb-'));
  await chmod(directory, 0o711);
  const account = await serverAccount(path.join(directory, 'none'));
  const own = async (file: string) => {
    if (account !== undefined) await chown(file, account.uid, account.gid);
  };
  const data = path.join(directory, 'data');
  await mkdir(data, { mode: 0o700 });
  await own(data);
  await bootstrap(program, account, data);

  const authority = await issueAuthority(new Date());
  const issued = await issueServerCertificate(authority, ['127.0.0.1'], new Date());
  const admin = { user: 'tester', password: randomBytes(24).toString('base64url') };
  const place = (name: string) => path.join(directory, name);
  const files = {
    'cert.pem': issued.certificate,
    'key.pem': issued.key,
    'init.sql':
      `CREATE USER IF NOT EXISTS '${admin.user}'@'%' IDENTIFIED BY '${admin.password}';\n` +
      `GRANT ALL ON *.* TO '${admin.user}'@'%' WITH GRANT OPTION;\n`,
  };
  for (const [name, text] of Object.entries(files)) {
    await writeFile(place(name), text, { mode: 0o600 });
    await own(place(name));
  }
  const launcher = programLauncher({
    program,
    args: [
      '--no-defaults',
      `--datadir=${data}`,
      `--port=${port}`,
      '--bind-address=127.0.0.1',
      `--socket=${path.join(data, 'socket')}`,
      `--pid-file=${path.join(data, 'pid')}`,
      `--init-file=${place('init.sql')}`,
      `--ssl-cert=${place('cert.pem')}`,
      `--ssl-key=${place('key.pem')}`,
      '--skip-name-resolve',
      '--general-log=1',
      '--general-log-file=general.log',
      '--log-bin=binary',
      '--innodb-buffer-pool-size=16M',
      '--innodb-flush-log-at-trx-commit=0',
    ],
    account,
    logFile: place('log'),
    remove: () => rm(directory, { recursive: true, force: true }),
  });
  const { start, kill, stop } = ownServer({ url: `mysql://127.0.0.1:${port}`, port }, launcher, () =>
    greets(port, chunk => chunk[4] === 10),
  );
  await start();
  return {
    port,
    start,
    kill,
    stop,
    admin,
    ca: authority.certificate,
    async readStatementLogs() {
      const names = (await readdir(data)).filter(name => /^binary\.\d+$/.test(name));
      const binary = await Promise.all(names.map(name => readFile(path.join(data, name), 'latin1')));
      return { general: await readFile(path.join(data, 'general.log'), 'utf8'), binary: binary.join('') };
    },
  };
}

const SYSTEM_TABLES = [
  ['/usr/share/mysql', 'mysql'],
  ['/usr/share/mariadb', 'mariadb'],
  ['/opt/homebrew/share/mariadb', 'mariadb'],
] as const;

/** What mariadb-install-db does; that script needs the client programs besides. */
async function bootstrap(program: string, account: Account | undefined, data: string): Promise<void> {
  const scripts = await systemTables();
  const child = execFile(
    program,
    ['--no-defaults', '--bootstrap', `--datadir=${data}`],
    spawnOptions(account),
  );
  child.stdin?.end(`CREATE DATABASE mysql;\nUSE mysql;\nSET @auth_root_socket=NULL;\n${scripts}`);
  const [status] = (await once(child, 'exit')) as [number | null];
  if (status !== 0) throw new Error(`mariadbd could not make its tables: ${String(status)}`);
}

async function systemTables(): Promise<string> {
  for (const [folder, prefix] of SYSTEM_TABLES) {
    const names = [`${prefix}_system_tables.sql`, `${prefix}_system_tables_data.sql`];
    const texts = await Promise.all(
      names.map(name => readFile(path.join(folder, name), 'utf8').catch(() => undefined)),
    );
    if (texts.every(text => text !== undefined)) return texts.join('\n');
  }
  throw new Error('the scripts of MariaDB that make its system tables were not found');
}
