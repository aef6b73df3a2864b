import type { Socket } from 'node:net';
import pg from 'pg';
import { scramVerifier } from '@strongroom/db/scram';
import { requireCarriable, requireName } from './acceptable.ts';
import { attempt } from './attempt.ts';
import type { Network } from './open-socket.ts';
import { TargetError } from './target-error.ts';
import type { Authority, Credential, Limits, Place, Target, Trust } from './target.ts';
import { isTlsFault, tlsOptions } from './tls-options.ts';

/** NAMEDATALEN - 1. A longer name would be cut off, and could then mean another role. */
const MAX_NAME_BYTES = 63;

export function postgresqlTarget(
  { tls, database = 'postgres', ...place }: Place & { tls: Trust; database?: string },
  network: Network,
): Target {
  const connect = (socket: Socket, user: string, password: string, { deadlineMs }: Limits) =>
    connectAs(socket, { host: place.host, user, password, database, tls, deadlineMs });
  return {
    async setPassword({ account, by, newPassword }, limits) {
      requireName(account, MAX_NAME_BYTES);
      requireCarriable(newPassword);
      const { user, password } = signInOf(account, by);
      // The server gets what it stores, so that the password is in no statement and no log of statements.
      const verifier = scramVerifier(newPassword);
      const statement = `ALTER ROLE ${pg.escapeIdentifier(account)} PASSWORD ${pg.escapeLiteral(verifier)}`;
      await attempt(place, network, limits, async ({ socket, passwordLeaves }) => {
        const client = await connect(socket, user, password, limits);
        passwordLeaves();
        await client.query(statement).catch((error: unknown) => {
          throw readChangeError(error);
        });
        await client.end();
      });
    },
    async proves(account, password, limits) {
      requireName(account, MAX_NAME_BYTES);
      try {
        await attempt(place, network, limits, async ({ socket }) => {
          await (await connect(socket, account, password, limits)).end();
        });
        return 'opens';
      } catch (error) {
        if (!(error instanceof TargetError)) throw error;
        if (AFTER_SIGN_IN.has(error.details.code ?? '')) return 'opens';
        if (error.details.code === WRONG_PASSWORD) return 'refused';
        throw error;
      }
    },
  };
}

const WRONG_PASSWORD = '28P01';
/** Sent to those only who are signed in: they may not use the database, it is not there, or the role has no room. */
const AFTER_SIGN_IN: ReadonlySet<string> = new Set(['42501', '3D000']);

function signInOf(account: string, by: Authority): { user: string; password: string } {
  const credential: Credential =
    by.kind === 'self' ? { kind: 'password', password: by.currentPassword } : by.credential;
  if (credential.kind !== 'password') throw new TargetError('unsupported');
  const user = by.kind === 'self' ? account : by.account;
  requireName(user, MAX_NAME_BYTES);
  return { user, password: credential.password };
}

interface PostgresqlSignIn {
  readonly host: string;
  readonly user: string;
  readonly password: string;
  readonly database: string;
  readonly tls: Trust;
  readonly deadlineMs: number;
}

async function connectAs(
  socket: Socket,
  { host, user, password, database, tls, deadlineMs }: PostgresqlSignIn,
): Promise<pg.Client> {
  const server = { hasAsked: false };
  const client = new pg.Client({
    host,
    user,
    database,
    password: () => {
      server.hasAsked = true;
      return password;
    },
    stream: () => alreadyConnected(socket),
    ssl: tlsOptions(host, tls),
    enableChannelBinding: tls !== 'off',
    application_name: 'strongroom-secrets-manager',
    // A statement that waits for a lock would be carried out long after nobody expects it any more.
    statement_timeout: deadlineMs,
  });
  // A connection that breaks between two calls shows in the next one.
  client.on('error', () => undefined);
  await client.connect().catch((error: unknown) => {
    throw readConnectError(error);
  });
  // A server that trusts whoever comes would take the wrong password, too.
  if (!server.hasAsked) throw new TargetError('no-password-sign-in');
  return client;
}

/** pg connects the stream that it is given; this one is connected, to an address that was checked. */
function alreadyConnected(socket: Socket): Socket {
  return Object.assign(socket, {
    connect: () => {
      process.nextTick(() => socket.emit('connect'));
      return socket;
    },
  });
}

function readConnectError(error: unknown): TargetError {
  if (error instanceof pg.DatabaseError) {
    const { code } = error;
    return new TargetError('authentication-refused', { code, isAnswer: true });
  }
  if (isTlsFault(error) || messageOf(error).includes('SSL')) return new TargetError('certificate-refused');
  if (messageOf(error).startsWith('SASL')) return new TargetError('protocol-error');
  return new TargetError('connection-lost');
}

/** Classes of SQLSTATE that mean that the statement was refused, and did nothing (PostgreSQL, appendix A). */
const REFUSED = /^(0L|22|25|28|42|P0)/;

function readChangeError(error: unknown): TargetError {
  const code = error instanceof pg.DatabaseError ? error.code : undefined;
  if (code === undefined || !REFUSED.test(code)) return new TargetError('connection-lost', { code });
  // passwordcheck and its likes raise this one.
  return new TargetError(code === '22023' ? 'policy-refused' : 'change-refused', { code, isAnswer: true });
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : '');
