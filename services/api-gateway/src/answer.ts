import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ErrorBody } from '@strongroom/errors/error-body';
import { secretServerRefusal } from '@strongroom/errors/secret-server-error';
import { secretsSafeRefusal } from '@strongroom/errors/secrets-safe-error';
import type { Context } from './context.ts';
import { NOT_FOUND, type Refusal } from './refusals.ts';
import { bodyLength } from './request-body.ts';
import { pathOf } from './request-target.ts';
import { isAtSecretServersDoor } from './secret-server-door.ts';
import { isAtSecretsSafesDoor } from './secrets-safe-door.ts';
import { SECURITY_HEADERS } from './security-headers.ts';

/** One of the gateway's own pages. */
export interface Page {
  readonly status: number;
  readonly body: string | Buffer;
  /** name, value, … */
  readonly headers: readonly string[];
  readonly securityHeaders?: readonly string[];
}

export const JSON_TYPE = 'application/json; charset=utf-8';

/** How long the rest of an unwanted body is read and dropped; see `answer`. */
const LINGER_MS = 1_000;

/** Every answer's head goes through here. `headers` is name, value, …; a name may repeat. */
export function sendHead(
  context: Pick<Context, 'stopping'>,
  response: ServerResponse,
  status: number,
  headers: string[],
): void {
  if (!context.stopping) {
    response.writeHead(status, headers);
    return;
  }
  // The stop has set a header on its own, and beside such a one writeHead would join repeated names.
  for (let index = 0; index < headers.length; index += 2) {
    response.appendHeader(headers[index] ?? '', headers[index + 1] ?? '');
  }
  response.setHeader('connection', 'close');
  response.writeHead(status);
}

export function answer(
  context: Pick<Context, 'stopping'>,
  request: IncomingMessage,
  response: ServerResponse,
  requestId: string,
  { status, body, headers, securityHeaders = SECURITY_HEADERS }: Page,
): void {
  const all = [...securityHeaders, ...headers];
  all.push('x-request-id', requestId, 'content-length', String(Buffer.byteLength(body)));
  if (request.complete || bodyLength(request) === 0) {
    sendHead(context, response, status, all);
    response.end(body);
    return;
  }
  // The client is still sending. Closing at once would reset the connection and could take the answer with
  // it before the client reads it, so the answer goes out whole and the rest is dropped for a moment.
  sendHead(context, response, status, [...all, 'connection', 'close']);
  response.flushHeaders();
  response.write(body);
  const timer = setTimeout(() => response.end(), LINGER_MS);
  request.once('end', () => response.end());
  response.once('close', () => clearTimeout(timer));
  request.resume();
}

export function refuse(
  context: Pick<Context, 'stopping'>,
  request: IncomingMessage,
  response: ServerResponse,
  requestId: string,
  refusal: Refusal,
): void {
  answer(context, request, response, requestId, {
    status: refusal.status,
    headers: ['content-type', JSON_TYPE, 'cache-control', 'no-store', ...(refusal.headers ?? [])],
    body: refusalBody(refusal, requestId, pathOf(request.url ?? '')),
  });
}

/**
 * In the shape of the dialect that the path is of. A path that nobody serves is of none: clients of each may have meant
 * it, so all find what they look for.
 */
export function refusalBody(refusal: Refusal, requestId: string, path: string): string {
  const { status, code, message } = refusal;
  if (isAtSecretServersDoor(path)) return JSON.stringify(secretServerRefusal(status, message).body);
  if (isAtSecretsSafesDoor(path)) return JSON.stringify(secretsSafeRefusal(status, message).body);
  const body: ErrorBody = { error_code: code, error_message: message, request_id: requestId };
  return JSON.stringify(refusal === NOT_FOUND ? { ...body, message } : body);
}
