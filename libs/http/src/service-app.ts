import express, { type Express } from 'express';
import type { Logger } from '@strongroom/log/logger';
import { silentMetrics, type Metrics } from '@strongroom/metrics/metrics';
import { dialectsOf } from './dialect.ts';
import { measureRequests } from './measure-requests.ts';
import { mountRoutes, type Admit, type Authenticate } from './mount-routes.ts';
import { openApiDocument } from './openapi.ts';
import { notFound, renderError } from './render-error.ts';
import { nameRequest } from './request-info.ts';
import type { Route } from './route.ts';
import { traceRequests } from './trace-requests.ts';

export interface ServiceAppOptions {
  /** Name in the OpenAPI document, e.g. `vault`. */
  title: string;
  version: string;
  routes: readonly Route[];
  authenticate: Authenticate;
  /** Absent: callers are not limited. */
  admit?: Admit | undefined;
  /** Rejects, or resolves to false, while the service cannot do its work. */
  isReady: () => Promise<boolean>;
  bodyLimitBytes: number;
  log: Logger;
  /** Absent: none are kept. */
  metrics?: Metrics;
}

/**
 * The Express app that every service shares. `/healthz`, `/readyz` and `/openapi.json` are for the
 * neighbours in the cluster; the gateway routes no outside request to them.
 */
export function buildServiceApp(options: ServiceAppOptions): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.set('query parser', 'simple');
  app.enable('case sensitive routing');
  app.use(nameRequest);
  app.get('/healthz', (_request, response) => void response.json({ status: 'ok' }));
  app.get('/readyz', async (_request, response) => {
    const ready = await options.isReady().catch(() => false);
    response.status(ready ? 200 : 503).json({ status: ready ? 'ready' : 'unavailable' });
  });
  const document = openApiDocument(options.title, options.version, options.routes);
  app.get('/openapi.json', (_request, response) => void response.json(document));
  // The neighbours' own pages are no work to be counted.
  app.use(traceRequests(options.title), measureRequests(options.metrics ?? silentMetrics));
  mountRoutes(app, options.routes, options);
  app.use(notFound);
  app.use(renderError(options.log, dialectsOf(options.routes)));
  return app;
}
