import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { listen } from '@strongroom/http/listen';
import type { Logger } from '@strongroom/log/logger';
import { createMetrics, type Metrics } from '@strongroom/metrics/metrics';
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
  /** As a service stops: not ready at once, then a notice, then it closes. */
  stop: (noticeMs: number) => Promise<void>;
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
      else response.writeHead(replica.isReady ? 200 : 503).end();
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
    stop(noticeMs) {
      replica.isReady = false;
      return listening.stop(60_000, noticeMs);
    },
    kill: () =>
      new Promise(resolve => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return replica;
}

/** A gateway to whom the name of every service stands for `names.addresses`, whatever they are at the time. */
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
  const gateway = await startTestGateway(origin, { upstreams: sameForAll(origin), ...config }, log, {
    metrics,
    resolve,
    timing: TIMING,
  });
  return { gateway, metrics };
}

/** Longer than the balancer needs to hear of a change. */
export const NOTICE_MS = 200;
