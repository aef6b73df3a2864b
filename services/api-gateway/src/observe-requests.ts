import type { IncomingMessage, ServerResponse } from 'node:http';
import { inRequest } from '@strongroom/log/request-context';
import { DURATION_BUCKETS, type Metrics } from '@strongroom/metrics/metrics';
import { openServerSpan, type OpenSpan } from '@strongroom/tracing/tracing';
import { pathOf } from './request-target.ts';
import { matchRoute } from './routes.ts';

export type Observe = (
  request: IncomingMessage,
  response: ServerResponse,
  requestId: string,
  work: () => void,
) => void;

/**
 * Counts, times and traces every request by the prefix that it matched; `other` for the gateway's own pages and what
 * nobody serves. What follows the prefix may be a secret's name, and goes nowhere.
 */
export function observeRequests(metrics: Metrics): Observe {
  const count = metrics.counter('strongroom_gateway_requests_total', 'Requests answered to clients', [
    'method',
    'route',
    'upstream',
    'status',
  ]);
  const time = metrics.histogram(
    'strongroom_gateway_request_duration_seconds',
    'From the first byte of a request to the last of its answer',
    DURATION_BUCKETS,
    ['route'],
  );
  let inFlight = 0;
  metrics.gauge('strongroom_gateway_requests_in_flight', 'Requests under way', () => inFlight);

  return (request, response, requestId, work) => {
    const started = performance.now();
    const method = request.method ?? '';
    const matched = matchRoute(pathOf(request.url ?? ''));
    const route = matched?.prefix ?? 'other';
    const span = openSpan(request, requestId, method, route);
    inFlight += 1;
    response.once('close', () => {
      inFlight -= 1;
      const status = response.headersSent ? response.statusCode : 0;
      count({
        method,
        route,
        upstream: matched?.upstream ?? 'none',
        // Whoever hangs up before the answer gets none.
        status: status === 0 ? 'none' : String(status),
      });
      time((performance.now() - started) / 1_000, { route });
      span?.end(`${method} ${route}`, { 'http.response.status_code': status }, status >= 500);
    });
    if (span === undefined) inRequest({ requestId }, work);
    else {
      const { traceId } = span;
      inRequest({ requestId, ...(traceId === undefined ? {} : { traceId }) }, () => span.run(work));
    }
  };
}

/**
 * A trace of our own begins at the public door, and links the one that the caller states (W3C Trace Context, 4.3:
 * restarting). Otherwise strangers would decide what is recorded.
 */
function openSpan(
  { headers }: IncomingMessage,
  requestId: string,
  method: string,
  route: string,
): OpenSpan | undefined {
  const { traceparent } = headers;
  return openServerSpan(undefined, () => ({
    links: typeof traceparent === 'string' ? [traceparent] : [],
    attributes: {
      'strongroom.service': 'api-gateway',
      'strongroom.request_id': requestId,
      'http.request.method': method,
      'http.route': route,
    },
  }));
}
