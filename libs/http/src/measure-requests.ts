import type { Request, RequestHandler } from 'express';
import { DURATION_BUCKETS, type Metrics } from '@strongroom/metrics/metrics';

/** The template of the route that served it, never the path, which may hold names; `none` when none did. */
export const routeOf = (request: Request): string => {
  const path: unknown = (request.route as { path?: unknown } | undefined)?.path;
  return typeof path === 'string' ? path : 'none';
};

/** Counts requests by route template and status, and times them until the last byte is out. */
export function measureRequests(metrics: Metrics): RequestHandler {
  const count = metrics.counter('strongroom_http_requests_total', 'Requests answered', [
    'method',
    'route',
    'status',
  ]);
  const time = metrics.histogram(
    'strongroom_http_request_duration_seconds',
    'From the first byte of a request to the last of its answer',
    DURATION_BUCKETS,
    ['method', 'route'],
  );
  let inFlight = 0;
  metrics.gauge('strongroom_http_requests_in_flight', 'Requests under way', () => inFlight);

  return (request, response, next) => {
    const started = performance.now();
    inFlight += 1;
    response.once('close', () => {
      inFlight -= 1;
      const { method } = request;
      const route = routeOf(request);
      // Whoever hangs up before the answer gets none.
      count({ method, route, status: response.headersSent ? String(response.statusCode) : 'none' });
      time((performance.now() - started) / 1_000, { method, route });
    });
    next();
  };
}
