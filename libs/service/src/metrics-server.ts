import { createServer } from 'node:http';
import { listen, type Listening } from '@strongroom/http/listen';
import type { Metrics } from '@strongroom/metrics/metrics';

export interface MetricsServerOptions {
  host: string;
  /** 0 lets the system choose. */
  port: number;
  metrics: Metrics;
}

/**
 * `GET /metrics` on a port of its own, which no gateway routes to: figures tell how much is going on and how near
 * the limits are, and are for the operator's own network.
 */
export function serveMetrics({ host, port, metrics }: MetricsServerOptions): Promise<Listening> {
  const server = createServer((request, response) => {
    if (request.method !== 'GET' || request.url !== '/metrics') {
      response.writeHead(404).end();
      return;
    }
    metrics.render().then(
      text => response.writeHead(200, { 'content-type': metrics.contentType }).end(text),
      () => response.writeHead(500).end(),
    );
  });
  return listen(server, host, port);
}
