import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { listen } from '@strongroom/http/listen';
import type { Logger } from '@strongroom/log/logger';
import { createMetrics, type Metrics } from '@strongroom/metrics/metrics';
import { eventually } from '@strongroom/testing/eventually';
import type { GatewayConfig } from '../src/config.ts';
import type { Gateway } from '../src/service.ts';
import { sameForAll, startTestGateway } from './harness.ts';

/** One of several servers at the same port of different loopback addresses, as replicas have in a network. */
export interface FakeReplica {
  readonly address: string;
  readonly server: Server;
  /** Requests that it got, its readiness aside. */
  readonly requests: IncomingMessage[];
  /** `silent`: does not answer the question either. */
  isReady: boolean | 'silent';
  /** Questions for its readiness that were given up. */
  abandoned: number;
  /** Those answered with no. */
  refusals: number;
  /** As a service stops: it says that it is not ready, and closes its listener once that was heard. */
  stop: () => Promise<void>;
  /** As -9 does. */
  kill: () => Promise<void>;
}

export type Names = { addresses: readonly string[] | Error };

const TIMING = { steadyMs: 20, unsteadyMs: 10 };

/** The port of the first is drawn; the others take the same one. */
export async function startReplica(
  address: string,
  port = 0,
  handler: RequestListener = (_request, response) => response.end(address),
): Promise<FakeReplica & { port: number }> {
  const server = createServer((request, response) => {
    if (request.url === '/readyz') {
      if (replica.isReady === 'silent') response.once('close', () => (replica.abandoned += 1));
      else {
        replica.refusals += replica.isReady ? 0 : 1;
        response.writeHead(replica.isReady ? 200 : 503).end();
      }
      return;
    }
    replica.requests.push(request);
    handler(request, response);
  });
  const listening = await listen(server, address, port);
  const replica: FakeReplica & { port: number } = {
    address,
    server,
    port: listening.port,
    requests: [],
    isReady: true,
    abandoned: 0,
    refusals: 0,
    async stop() {
      replica.isReady = false;
      const before = replica.refusals;
      // The second question comes after the first answer; what was sent before has arrived by the third.
      await eventually('it was asked whether it is ready', () => replica.refusals >= before + 3);
      await listening.stop(60_000);
    },
    kill: () =>
      new Promise(resolve => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return replica;
}

/**
 * A gateway to whom vault's name stands for `names.addresses`, whatever they are at the time. The other services are
 * at the first address, which nobody watches.
 */
export async function startBalancer(
  port: number,
  names: Names,
  config: Partial<GatewayConfig> = {},
  log?: Logger,
): Promise<{ gateway: Gateway; metrics: Metrics }> {
  const metrics = createMetrics('api-gateway');
  const origin = `http://replicas.test:${port}`;
  const resolve = () =>
    names.addresses instanceof Error ? Promise.reject(names.addresses) : Promise.resolve(names.addresses);
  const upstreams = { ...sameForAll(`http://127.0.0.1:${port}`), vault: origin };
  const gateway = await startTestGateway(origin, { upstreams, ...config }, log, {
    metrics,
    resolve,
    timing: TIMING,
  });
  return { gateway, metrics };
}
