import { isIP, type LookupFunction } from 'node:net';
import { Pool } from 'undici';
import type { Candidate, Health } from './balance.ts';

/** One of the processes behind a service's name. */
export interface Replica extends Candidate {
  readonly address: string;
  /**
   * A connection carries one request at a time and a pool opens as many as there are requests, so none waits
   * unseen behind a slow one; the bound on requests under way (proxy.ts) bounds the connections too.
   */
  readonly pool: Pool;
  /** Opens a connection for each request and keeps none: for second tries, since kept ones go stale together. */
  readonly fresh: Pool;
}

const CONNECT_TIMEOUT_MS = 1_000;
const ASK_DEADLINE_MS = 2_000;

/** `origin` names the service, as it stands in Host and in a certificate; `address` is where to connect. */
export function openReplica(origin: string, address: string, timeoutMs: number): Replica {
  const options: Pool.Options = {
    connect: { lookup: always(address), timeout: Math.min(CONNECT_TIMEOUT_MS, timeoutMs) },
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
  };
  return {
    address,
    pool: new Pool(origin, options),
    fresh: new Pool(origin, { ...options, pipelining: 0 }),
    health: 'unreachable',
    outstanding: 0,
    turn: 0,
  };
}

const always = (address: string): LookupFunction => {
  const family = isIP(address);
  return (_hostname, { all }, callback) => {
    if (all === true) callback(null, [{ address, family }]);
    else callback(null, address, family);
  };
};

const BROKEN_CONNECTION: ReadonlySet<unknown> = new Set(['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE']);

/** One that was open, and ended before the answer. */
export const isBrokenConnection = (error: Error): boolean =>
  'code' in error && BROKEN_CONNECTION.has(error.code);

/** A replica's own pages (`/readyz`, `/openapi.json`), which no client's request reaches. */
export async function ask(
  { fresh }: Pick<Replica, 'fresh'>,
  path: string,
): Promise<{ status: number; body: string }> {
  const signal = AbortSignal.timeout(ASK_DEADLINE_MS);
  const { statusCode, body } = await fresh.request({ method: 'GET', path, signal });
  return { status: statusCode, body: await body.text() };
}

/** A stopping service says no at once and serves what comes for a moment more (libs/http listen). */
export const askHealth = (replica: Replica): Promise<Health> =>
  ask(replica, '/readyz').then(
    ({ status }) => (status === 200 ? 'ready' : 'unready'),
    (error: unknown) => (wasReached(error) ? 'unready' : 'unreachable'),
  );

/** A connection that cannot be opened fails before the deadline of the whole. */
const wasReached = (error: unknown): boolean => {
  const { name, code } = error as { name?: unknown; code?: unknown };
  return name === 'TimeoutError' || BROKEN_CONNECTION.has(code);
};
