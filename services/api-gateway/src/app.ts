import { randomUUID } from 'node:crypto';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { answer, refuse, type Page } from './answer.ts';
import { silentMetrics, type Metrics } from '@strongroom/metrics/metrics';
import type { Context } from './context.ts';
import { observeRequests } from './observe-requests.ts';
import { ownPages, type OwnPages } from './own-pages.ts';
import { proxy, type Passage } from './proxy.ts';
import {
  badRequest,
  GONE,
  INTERNAL,
  NOT_ALLOWED,
  NOT_FOUND,
  rateLimited,
  TOO_LARGE,
  UNKNOWN_CODING,
  type Refusal,
} from './refusals.ts';
import { bodyLength } from './request-body.ts';
import { pathOf, targetFault } from './request-target.ts';
import { isInternal, isSignIn, matchRoute, maxBodyBytesAt } from './routes.ts';
import { isSoap, secretServerTarget } from './secret-server-door.ts';
import { secretsSafeTarget } from './secrets-safe-door.ts';

export function createApp(context: Context, metrics: Metrics = silentMetrics): RequestListener {
  const pages = ownPages(context);
  const observe = observeRequests(metrics);
  return (request, response) => {
    const requestId = randomUUID();
    const target = request.url ?? '';
    request.url = secretServerTarget(target) ?? secretsSafeTarget(target) ?? target;
    if (context.config.accessLog) logAccess(context, request, response, requestId);
    observe(request, response, requestId, () => {
      handle(context, pages, request, response, requestId).catch((error: unknown) => {
        context.log.error('request failed', error, { requestId, code: INTERNAL.code });
        if (response.headersSent) response.destroy();
        else refuse(context, request, response, requestId, INTERNAL);
      });
    });
  };
}

async function handle(
  context: Context,
  pages: OwnPages,
  request: IncomingMessage,
  response: ServerResponse,
  requestId: string,
): Promise<void> {
  const decision = await decide(context, pages, request);
  if ('code' in decision) refuse(context, request, response, requestId, decision);
  else if ('body' in decision) answer(context, request, response, requestId, decision);
  else proxy(context, decision, request, response, requestId);
}

/** The way of a request, in order. Every check comes before the first byte of a body is read. */
async function decide(
  context: Context,
  pages: OwnPages,
  request: IncomingMessage,
): Promise<Refusal | Page | Passage> {
  const target = request.url ?? '';
  const fault = targetFault(target);
  if (fault !== undefined) return badRequest(fault);
  const path = pathOf(target);

  const address = request.socket.remoteAddress ?? '';
  const delaySeconds = await context.rateLimits.delay(address, isSignIn(request.method, path));
  if (delaySeconds > 0) return rateLimited(delaySeconds);

  const maxBodyBytes = maxBodyBytesAt(path, context.config.maxBodyBytes);
  const length = bodyLength(request);
  if (length === undefined) return UNKNOWN_CODING;
  if (length !== 'chunked' && length > maxBodyBytes) return TOO_LARGE;

  if (isSoap(path)) return GONE;
  const page = pages.get(path);
  if (page !== undefined) return request.method === 'GET' || request.method === 'HEAD' ? page() : NOT_ALLOWED;

  const route = isInternal(path) ? undefined : matchRoute(path);
  if (route === undefined) return NOT_FOUND;
  return {
    upstream: context.upstreams[route.upstream],
    length,
    maxBodyBytes,
    hasPages: route.hasPages === true,
  };
}

/** Only the matched prefix is named: what follows it may be a secret's name, and a query may be worse. */
function logAccess(
  { log }: Context,
  request: IncomingMessage,
  response: ServerResponse,
  requestId: string,
): void {
  const started = performance.now();
  response.once('close', () => {
    log.info('request', {
      requestId,
      method: request.method,
      route: matchRoute(pathOf(request.url ?? ''))?.prefix ?? 'other',
      status: response.headersSent ? response.statusCode : 0,
      complete: response.writableFinished,
      durationMs: Math.round(performance.now() - started),
    });
  });
}
