import type { Socket } from 'node:net';
import { createConnection, SqlError, type Connection } from 'mariadb';
import { requireCarriable } from './acceptable.ts';
import { attempt } from './attempt.ts';
import { parseMysqlAccount, quoteAccount, quoteLiteral, type MysqlAccount } from './mysql-account.ts';
import type { Network } from './open-socket.ts';
import { TargetError } from './target-error.ts';
import type { Authority, Credential, Limits, Place, Target, Trust } from './target.ts';
import { isTlsFault, tlsOptions } from './tls-options.ts';

export function mysqlTarget({ tls, ...place }: Place & { tls: Trust }, network: Network): Target {
  const connect = (socket: Socket, user: string, password: string) =>
    connectAs(socket, { ...place, user, password, tls });
  return {
    async setPassword({ account, by, newPassword }, limits) {
      const named = parseMysqlAccount(account);
      requireCarriable(newPassword);
      const { user, password } = signInOf(named, by);
      await attempt(place, network, limits, async ({ socket, passwordLeaves }) => {
        const connection = await connect(socket, user, password);
        if (by.kind === 'self') await requireIsAccount(connection, named);
        await prepareSession(connection, limits);
        passwordLeaves();
        await run(connection, statementFor(connection, by.kind === 'self' ? undefined : named, newPassword));
        await connection.end();
      });
    },
    async proves(account, password, limits) {
      const named = parseMysqlAccount(account);
      try {
        await attempt(place, network, limits, async ({ socket }) => {
          const connection = await connect(socket, named.user, password);
          await requireIsAccount(connection, named);
          await connection.end();
        });
        return 'opens';
      } catch (error) {
        if (error instanceof TargetError && error.details.code === 'ER_ACCESS_DENIED_ERROR') return 'refused';
        throw error;
      }
    },
  };
}

function signInOf(account: MysqlAccount, by: Authority): { user: string; password: string } {
  const credential: Credential =
    by.kind === 'self' ? { kind: 'password', password: by.currentPassword } : by.credential;
  if (credential.kind !== 'password') throw new TargetError('unsupported');
  const { user } = by.kind === 'self' ? account : parseMysqlAccount(by.account);
  return { user, password: credential.password };
}

interface MysqlSignIn extends Place {
  readonly user: string;
  readonly password: string;
  readonly tls: Trust;
}

/** Methods that do not hand the password to whoever answers: no clear text, no PAM dialogue. */
const METHODS = [
  'mysql_native_password',
  'caching_sha2_password',
  'sha256_password',
  'client_ed25519',
  'parsec',
];

/** Options that the driver has and its types have not. A server could redirect us to any other place. */
const UNTYPED = { restrictedAuth: METHODS, permitRedirect: false };

async function connectAs(
  socket: Socket,
  { host, port, user, password, tls }: MysqlSignIn,
): Promise<Connection> {
  const connection = await createConnection({
    host,
    port,
    user,
    password,
    // At run time a function that gives the socket; the types know only one that calls back.
    stream: callback => callback(undefined, socket),
    ssl: tlsOptions(host, tls),
    ...UNTYPED,
    connectTimeout: 0,
    logParam: false,
  }).catch((error: unknown) => {
    throw readConnectError(error);
  });
  // A connection that breaks between two calls shows in the next one.
  connection.on('error', () => undefined);
  return connection;
}

/** The server may have taken another account of this name, such as one for another host. */
async function requireIsAccount(connection: Connection, { user, host }: MysqlAccount): Promise<void> {
  const rows: unknown = await run(connection, 'SELECT CURRENT_USER() AS account');
  const [row] = rows as { account: string }[];
  const at = row?.account.lastIndexOf('@') ?? -1;
  const isAccount = row?.account.slice(0, at) === user && row.account.slice(at + 1).toLowerCase() === host;
  if (!isAccount) throw new TargetError('account-refused');
}

/**
 * So that quoting means one thing, whatever the server's mode is; that a statement which waits for a lock is not
 * carried out long after nobody expects it any more; and that no general log has it.
 */
async function prepareSession(connection: Connection, { deadlineMs }: Limits): Promise<void> {
  await run(connection, "SET SESSION sql_mode = 'NO_BACKSLASH_ESCAPES'");
  await run(connection, `SET SESSION lock_wait_timeout = ${Math.ceil(deadlineMs / 1_000)}`);
  await run(connection, 'SET SESSION sql_log_off = 1').catch((error: unknown) => {
    // Most accounts may not; servers have no such log unless somebody turned it on.
    if (!(error instanceof TargetError) || error.details.code !== 'ER_SPECIFIC_ACCESS_DENIED_ERROR')
      throw error;
  });
}

/**
 * `SET PASSWORD` keeps the account's way of signing in, and what the servers write to their binary logs is a hash;
 * of MariaDB's `ALTER USER` it would be the password.
 */
function statementFor(
  connection: Connection,
  account: MysqlAccount | undefined,
  newPassword: string,
): string {
  const whose = account === undefined ? '' : `FOR ${quoteAccount(account)} `;
  const literal = quoteLiteral(newPassword);
  const isMariadb = connection.serverVersion().includes('MariaDB');
  return `SET PASSWORD ${whose}= ${isMariadb ? `PASSWORD(${literal})` : literal}`;
}

const run = (connection: Connection, statement: string): Promise<unknown> =>
  connection.query(statement).catch((error: unknown) => {
    throw readStatementError(error);
  });

/** Errors of the driver hold the statement, and with it the password: only their code goes further. */
function readConnectError(error: unknown): TargetError {
  if (isTlsFault(error)) return new TargetError('certificate-refused');
  if (!(error instanceof SqlError)) return new TargetError('connection-lost');
  const code = error.code ?? undefined;
  if (/TLS|SSL|SELF_SIGNED|CERT/.test(code ?? '')) return new TargetError('certificate-refused', { code });
  if (code === 'ER_NOT_SUPPORTED_AUTH_PLUGIN') return new TargetError('no-password-sign-in', { code });
  if (isServers(error)) return new TargetError('authentication-refused', { code, isAnswer: true });
  return new TargetError('connection-lost', { code });
}

const BY_RULE = ['ER_NOT_VALID_PASSWORD', 'ER_CREDENTIALS_CONTRADICT_TO_HISTORY'];
const INTERRUPTED = ['ER_SERVER_SHUTDOWN', 'ER_QUERY_INTERRUPTED', 'ER_CONNECTION_KILLED'];

function readStatementError(error: unknown): TargetError {
  if (!(error instanceof SqlError)) return new TargetError('connection-lost');
  const code = error.code ?? undefined;
  if (error.fatal || !isServers(error) || INTERRUPTED.includes(code ?? ''))
    return new TargetError('connection-lost', { code });
  const reason = BY_RULE.includes(code ?? '') ? 'policy-refused' : 'change-refused';
  return new TargetError(reason, { code, isAnswer: true });
}

/** The driver numbers its own errors from 45000 on, and the system's below 0. */
const isServers = ({ errno }: SqlError): boolean => errno > 0 && errno < 45_000;
