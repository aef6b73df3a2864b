import type { IncomingMessage } from 'node:http';
import { parseTraceparent } from '@strongroom/tracing/traceparent';
import { currentTraceparent } from '@strongroom/tracing/tracing';
import { SECURITY_HEADERS } from './security-headers.ts';
import { newTraceparent } from './traceparent.ts';

/** RFC 9110, 7.6.1, and the older ones that it names. They speak of one connection and end here. */
const HOP_BY_HOP = [
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
];

/** Dropped: what only the gateway may say, and what it says anew for its own upstream connection. */
const DROPPED_FROM_REQUESTS = new Set([
  ...HOP_BY_HOP,
  'content-length',
  'expect',
  'forwarded',
  'host',
  'traceparent',
  'tracestate',
  'x-real-ip',
  'x-request-id',
]);
const OWN_PREFIXES = ['x-forwarded-', 'x-strongroom-'] as const;

const POLICY = 'content-security-policy';
const HEADERS_BESIDE_POLICY = SECURITY_HEADERS.filter(
  (_, index) => SECURITY_HEADERS[index - (index % 2)] !== POLICY,
);

const DROPPED_FROM_ANSWERS = new Set([
  ...HOP_BY_HOP,
  'server',
  'x-powered-by',
  'x-request-id',
  ...SECURITY_HEADERS.filter((_, index) => index % 2 === 0),
]);

/**
 * The header list (name, value, …) for the upstream. Undefined when a header that decides who is served
 * or where a message ends is missing or repeated: two readers could then choose differently. The parser
 * itself has refused a repeated Content-Length and one beside Transfer-Encoding.
 */
export function forwardedHeaders(request: IncomingMessage, requestId: string): string[] | undefined {
  const { rawHeaders } = request;
  const named = namedByConnection(request.headers.connection);
  const headers: string[] = [];
  let hosts = 0;
  let authorizations = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]?.toLowerCase() ?? '';
    if (name === 'host') hosts += 1;
    else if (name === 'authorization') authorizations += 1;
    if (DROPPED_FROM_REQUESTS.has(name) || named?.has(name) === true) continue;
    if (name.startsWith(OWN_PREFIXES[0]) || name.startsWith(OWN_PREFIXES[1])) continue;
    headers.push(name, rawHeaders[index + 1] ?? '');
  }
  if (authorizations > 1 || hosts > 1 || (hosts === 0 && request.httpVersion === '1.1')) return undefined;

  headers.push(
    'x-request-id',
    requestId,
    'x-forwarded-for',
    request.socket.remoteAddress ?? '',
    'x-forwarded-proto',
    'https',
  );
  pushTrace(headers, request.headers, requestId);
  return headers;
}

/** The gateway's own trace, which links the caller's; while tracing is off, the caller's or one that nobody records. */
function pushTrace(headers: string[], sent: IncomingMessage['headers'], requestId: string): void {
  const own = currentTraceparent();
  if (own !== undefined) {
    headers.push('traceparent', own);
    return;
  }
  const { traceparent, tracestate } = sent;
  if (typeof traceparent !== 'string' || parseTraceparent(traceparent) === undefined) {
    headers.push('traceparent', newTraceparent(requestId));
    return;
  }
  headers.push('traceparent', traceparent);
  if (typeof tracestate === 'string') headers.push('tracestate', tracestate);
}

/**
 * The header list for the client, from the upstream's raw one. Values stay the bytes that they were. A page's
 * own Content-Security-Policy stands in place of the gateway's, under which no page could work; an answer
 * without one gets the gateway's.
 */
export function answeredHeaders(rawHeaders: readonly Buffer[], requestId: string, isPage = false): string[] {
  const answered: string[] = [];
  const policies: string[] = [];
  let named: Set<string> | undefined;
  let cacheable = false;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]?.toString('latin1').toLowerCase() ?? '';
    const value = rawHeaders[index + 1]?.toString('latin1') ?? '';
    if (name === 'connection') named = namedByConnection(value);
    if (name === 'cache-control') cacheable = true;
    if (isPage && name === POLICY) policies.push(name, value);
    if (!DROPPED_FROM_ANSWERS.has(name)) answered.push(name, value);
  }
  const headers = named === undefined ? answered : without(answered, named);
  if (policies.length === 0) headers.push(...SECURITY_HEADERS);
  else headers.push(...HEADERS_BESIDE_POLICY, ...policies);
  headers.push('x-request-id', requestId);
  if (!cacheable) headers.push('cache-control', 'no-store');
  return headers;
}

/** The header names that a Connection header lists; undefined in the usual case that it lists none. */
function namedByConnection(value: string | undefined): Set<string> | undefined {
  if (value === undefined || value === 'keep-alive' || value === 'close') return undefined;
  return new Set(
    value
      .toLowerCase()
      .split(',')
      .map(option => option.trim()),
  );
}

const without = (headers: readonly string[], names: ReadonlySet<string>): string[] =>
  headers.filter((_, index) => !names.has(headers[index - (index % 2)] ?? ''));
