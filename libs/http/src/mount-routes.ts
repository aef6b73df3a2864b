import type { Express, Request, RequestHandler, Response } from 'express';
import type { Caller, RequestInfo } from '@strongroom/contracts/caller';
import { permissionDenied, tooManyRequests, unauthenticated } from '@strongroom/errors/common-errors';
import { bodyParser, parameterParser, type Parser } from '@strongroom/schema/parser';
import { openBodyStream } from './body-stream.ts';
import { parseFormBody, parseJsonBody, parseSniffedBody, readRawBody } from './request-body.ts';
import { requestInfo } from './request-info.ts';
import { sendStream } from './send-stream.ts';
import type { Access, Reply, Route } from './route.ts';

/**
 * Turns an Authorization header into a caller, or throws `unauthenticated`. Synchronous when it remembers.
 * The request matters to tokens that hold at one address only.
 */
export type Authenticate = (
  authorization: string | undefined,
  request: RequestInfo,
) => Caller | Promise<Caller>;

/** Seconds that this caller has to wait; 0 admits. */
export type Admit = (caller: Caller) => number | Promise<number>;

export interface MountOptions {
  authenticate: Authenticate;
  /** Absent: callers are not limited. */
  admit?: Admit | undefined;
  bodyLimitBytes: number;
}

/**
 * Order on every route: token, permission, the caller's limit, size, syntax, schema, handler. What is cheap and what refuses
 * strangers comes first, so nobody without a right makes us parse anything.
 */
export function mountRoutes(app: Express, routes: readonly Route[], options: MountOptions): void {
  const readBody = readRawBody(options.bodyLimitBytes);
  for (const route of routes) {
    const handlers: RequestHandler[] = [authorize(route, options.authenticate)];
    if (options.admit !== undefined && demandsCaller(route.access)) handlers.push(limit(options.admit));
    if (route.body !== undefined && route.bodyType !== 'stream') handlers.push(readBody);
    handlers.push(answer(route));
    app[route.method](route.path, ...handlers);
  }
}

const callers = new WeakMap<Request, Caller>();

const nobody: Caller = {
  id: '',
  kind: 'api-client',
  name: '',
  sessionId: '',
  clientId: '',
  roles: [],
  permissions: new Set(),
  authTime: 0,
  authMethods: [],
};

const demandsCaller = ({ kind }: Access): boolean => kind !== 'public' && kind !== 'own-check';

function authorize({ access, dialect }: Route, authenticate: Authenticate): RequestHandler {
  if (!demandsCaller(access)) return (_request, _response, next) => next();
  const credentials = dialect?.readCredentials ?? (({ authorization }) => authorization);
  return (request, _response, next) => {
    const admit = (caller: Caller) => {
      if (
        access.kind === 'permission' &&
        !access.anyOf.some(permission => caller.permissions.has(permission))
      ) {
        next(permissionDenied());
        return;
      }
      callers.set(request, caller);
      next();
    };
    try {
      const caller = authenticate(credentials(request.headers), requestInfo(request));
      if (caller instanceof Promise) caller.then(admit, next);
      else admit(caller);
    } catch (error) {
      next(error);
    }
  };
}

function limit(admit: Admit): RequestHandler {
  return (request, _response, next) => {
    const caller = callers.get(request);
    if (caller === undefined) throw unauthenticated();
    const decide = (wait: number) =>
      wait > 0 ? next(tooManyRequests('Too many requests of this caller', wait)) : next();
    const wait = admit(caller);
    if (typeof wait === 'number') decide(wait);
    else wait.then(decide, next);
  };
}

const noParameters: Parser<unknown> = () => ({});

function answer(route: Route): RequestHandler {
  const parseParams = route.params === undefined ? noParameters : parameterParser(route.params);
  const parseQuery = route.query === undefined ? noParameters : parameterParser(route.query);
  const parseHeaders = route.headers === undefined ? noParameters : parameterParser(route.headers);
  const readQuery = queryReader(route);
  const readBody = bodyReader(route);
  const isAnonymous = !demandsCaller(route.access);
  const status = route.status ?? 200;
  return async (request, response) => {
    const caller = isAnonymous ? nobody : callers.get(request);
    if (caller === undefined) throw unauthenticated();
    const reply = await route.handle({
      params: parseParams(pathParameters(request)),
      query: parseQuery(readQuery(request)),
      headers: route.headers === undefined ? {} : parseHeaders({ ...request.headers }),
      body: readBody(request),
      caller,
      request: requestInfo(request),
      authorization: request.headers.authorization,
      sent: request.headers,
    });
    if (reply.stream === undefined) send(response, status, reply);
    else await sendStream(request, response, reply.status ?? status, reply, reply.stream);
  };
}

/** Query parameters, under the names that the schema has. */
function queryReader({ query, dialect }: Route): (request: Request) => unknown {
  if (query === undefined || dialect === undefined) return request => ({ ...request.query });
  return request => dialect.readQuery(query, { ...request.query });
}

/** What the handler gets as `body`. */
function bodyReader({ body, bodyType, dialect }: Route): (request: Request) => unknown {
  if (body === undefined) return () => ({});
  if (bodyType === 'stream') {
    const { maxLength } = body as { maxLength: number };
    return request => openBodyStream(request, maxLength);
  }
  const parse = bodyParser(body);
  if (dialect !== undefined) {
    const read = bodyType === 'form' ? parseSniffedBody : parseJsonBody;
    return request => parse(dialect.readBody(body, read(request)));
  }
  const read = bodyType === 'form' ? parseFormBody : parseJsonBody;
  return request => parse(read(request));
}

/** A wildcard arrives as its segments, decoded once: `a%2Fb` and `a/b` both become `a/b` (contract 0.1). */
function pathParameters(request: Request): Record<string, string> {
  const parameters: Record<string, string> = {};
  for (const [name, value] of Object.entries(request.params)) {
    parameters[name] = Array.isArray(value) ? value.join('/') : value;
  }
  return parameters;
}

function send(response: Response, status: number, reply: Reply): void {
  response.statusCode = reply.status ?? status;
  for (const name in reply.headers) response.setHeader(name, reply.headers[name] ?? '');
  if (reply.body === undefined && reply.page === undefined) {
    // Of a 304 it would tell the length of what was left out, and a 204 has none (RFC 9110, 8.6).
    if (response.statusCode !== 304 && response.statusCode !== 204) response.setHeader('content-length', 0);
    response.end();
    return;
  }
  const text = reply.page?.text ?? JSON.stringify(reply.body);
  response.setHeader('content-type', reply.page?.type ?? 'application/json; charset=utf-8');
  response.setHeader('content-length', Buffer.byteLength(text));
  response.end(text);
}
