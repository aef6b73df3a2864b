import { randomUUID } from 'node:crypto';
import { createServer as createHttpServer, type RequestListener, type Server } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { Duplex } from 'node:stream';
import { JSON_TYPE, refusalBody } from './answer.ts';
import type { GatewayConfig } from './config.ts';
import { badRequest, type Refusal } from './refusals.ts';
import { SECURITY_HEADERS } from './security-headers.ts';

const KEEP_ALIVE_MS = 65_000;

/** Bounds on what one client may hold: how large a head, how long a head, a body, a handshake, a silence. */
const LIMITS = {
  maxHeaderSize: 16 * 1024,
  headersTimeout: 15_000,
  requestTimeout: 60_000,
  keepAliveTimeout: KEEP_ALIVE_MS,
  connectionsCheckingInterval: 5_000,
  /** A missing Host is refused in the contract's shape (headers.ts). */
  requireHostHeader: false,
};

export function createServer(
  config: Pick<GatewayConfig, 'tls' | 'upstreamTimeoutMs'>,
  app: RequestListener,
): Server {
  const server =
    config.tls === undefined
      ? createHttpServer(LIMITS)
      : createHttpsServer({
          ...LIMITS,
          ...config.tls,
          minVersion: 'TLSv1.2',
          ALPNProtocols: ['http/1.1'],
          handshakeTimeout: 10_000,
        });
  // Silence that outlasts any wait for an upstream: a client that stops reading its answer is let go.
  server.timeout = config.upstreamTimeoutMs + KEEP_ALIVE_MS;
  server.on('request', app);
  // The proxy says "100 Continue" after its checks; other expectations are ignored (RFC 9110, 10.1.1).
  server.on('checkContinue', app);
  server.on('checkExpectation', app);
  server.on('clientError', refuseUnparsed);
  return server;
}

const PARSE_REFUSALS: Readonly<Record<string, Refusal>> = {
  HPE_HEADER_OVERFLOW: { status: 431, code: 'BAD_REQUEST', message: 'The request head is too large' },
  ERR_HTTP_REQUEST_TIMEOUT: { status: 408, code: 'BAD_REQUEST', message: 'The request did not come in time' },
};
const UNPARSED = badRequest('The request is not well-formed HTTP/1.1');
const REASONS: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  408: 'Request Timeout',
  431: 'Request Header Fields Too Large',
};

/** What the parser refuses never becomes a request, so its answer is written by hand. */
function refuseUnparsed(error: Error & { code?: string }, socket: Duplex): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const requestId = randomUUID();
  const refusal = PARSE_REFUSALS[error.code ?? ''] ?? UNPARSED;
  const body = refusalBody(refusal, requestId, '');
  const headers = [
    ...SECURITY_HEADERS,
    ...['x-request-id', requestId, 'cache-control', 'no-store', 'content-type', JSON_TYPE],
    ...['content-length', String(Buffer.byteLength(body)), 'connection', 'close'],
  ];
  const lines = [`HTTP/1.1 ${refusal.status} ${REASONS[refusal.status] ?? ''}`];
  for (let index = 0; index < headers.length; index += 2)
    lines.push(`${headers[index]}: ${headers[index + 1]}`);
  socket.end(`${lines.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy());
}
