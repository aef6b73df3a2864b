import type { RequestHandler } from 'express';
import { inRequest } from '@strongroom/log/request-context';
import { openServerSpan } from '@strongroom/tracing/tracing';
import { routeOf } from './measure-requests.ts';
import { requestInfo } from './request-info.ts';

/** One span for each request, as a part of the gateway's trace, named `GET /things/:id`. */
export function traceRequests(service: string): RequestHandler {
  return (request, response, next) => {
    const sent = request.headers['traceparent'];
    const span = openServerSpan(typeof sent === 'string' ? sent : undefined, () => ({
      attributes: {
        'strongroom.service': service,
        'strongroom.request_id': requestInfo(request).id,
        'http.request.method': request.method,
      },
    }));
    if (span === undefined) {
      next();
      return;
    }
    response.once('close', () => {
      const route = routeOf(request);
      const status = response.statusCode;
      span.end(
        `${request.method} ${route}`,
        { 'http.route': route, 'http.response.status_code': status },
        status >= 500,
      );
    });
    const { traceId } = span;
    if (traceId === undefined) span.run(next);
    else inRequest({ traceId }, () => span.run(next));
  };
}
