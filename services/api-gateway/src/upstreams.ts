import { lookup } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { Pool } from 'undici';
import type { GatewayConfig } from './config.ts';
import { UPSTREAM_NAMES, type UpstreamName } from './routes.ts';

export interface Upstream {
  readonly name: UpstreamName;
  readonly pool: Pool;
  /** Opens a connection for each request and keeps none: for the second try, since kept ones go stale together. */
  readonly fresh: Pool;
  /** Proxied requests under way. */
  inFlight: number;
}

export type Upstreams = Readonly<Record<UpstreamName, Upstream>>;

const CONNECT_TIMEOUT_MS = 2_000;
/** After this a connection is replaced, so that replicas which start later get their share. */
const CONNECTION_LIFETIME_MS = 30_000;
const ASK_DEADLINE_MS = 2_000;

/**
 * A connection carries one request at a time and a pool opens as many as there are requests, so none waits
 * unseen behind a slow one; the bound on requests under way (proxy.ts) bounds the connections too.
 */
export function openUpstreams(config: Pick<GatewayConfig, 'upstreams' | 'upstreamTimeoutMs'>): Upstreams {
  const open = (name: UpstreamName, options: Pool.Options): Pool =>
    new Pool(config.upstreams[name], {
      connect: {
        lookup: lookupFromAnyReplica,
        timeout: Math.min(CONNECT_TIMEOUT_MS, config.upstreamTimeoutMs),
      },
      autoSelectFamily: true,
      headersTimeout: config.upstreamTimeoutMs,
      bodyTimeout: config.upstreamTimeoutMs,
      ...options,
    });
  const upstreams = UPSTREAM_NAMES.map((name): [UpstreamName, Upstream] => [
    name,
    {
      name,
      pool: open(name, { clientTtl: CONNECTION_LIFETIME_MS }),
      fresh: open(name, { pipelining: 0 }),
      inFlight: 0,
    },
  ]);
  return Object.fromEntries(upstreams) as Record<UpstreamName, Upstream>;
}

export async function closeUpstreams(upstreams: Upstreams): Promise<void> {
  const pools = UPSTREAM_NAMES.flatMap(name => [upstreams[name].pool, upstreams[name].fresh]);
  await Promise.all(pools.map(pool => pool.destroy()));
}

/** A service's own pages (`/readyz`, `/openapi.json`), which no client's request reaches. */
export async function ask(upstream: Upstream, path: string): Promise<{ status: number; body: string }> {
  const signal = AbortSignal.timeout(ASK_DEADLINE_MS);
  const { statusCode, body } = await upstream.fresh.request({ method: 'GET', path, signal });
  return { status: statusCode, body: await body.text() };
}

/**
 * A service's name may stand for several replicas. The resolver sorts their addresses alike every time, so
 * the start is drawn; on a refused connection the next address is tried (`autoSelectFamily`).
 */
const lookupFromAnyReplica: LookupFunction = (hostname, options, callback) => {
  lookup(hostname, { ...options, all: true }, (error, addresses) => {
    const found = error === null ? addresses : [];
    const start = Math.floor(Math.random() * found.length);
    callback(error, [...found.slice(start), ...found.slice(0, start)]);
  });
};
