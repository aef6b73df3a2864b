import {
  createServer,
  request as httpRequest,
  type Agent,
  type IncomingMessage,
  type RequestListener,
  type Server,
} from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { silentLogger, type LogFields, type Logger } from '@strongroom/log/logger';
import type { GatewayConfig } from '../src/config.ts';
import { startGateway, type Gateway, type GatewayDependencies } from '../src/service.ts';

/** A service behind the gateway, made of a handler. */
export interface FakeUpstream {
  readonly origin: string;
  readonly server: Server;
  close: () => Promise<void>;
}

export async function fakeUpstream(handler: RequestListener): Promise<FakeUpstream> {
  const server = createServer(handler);
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  return {
    server,
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

export const DEFAULTS = {
  host: '127.0.0.1',
  port: 0,
  rateLimitPerSecond: 100_000,
  signInRateLimitPerSecond: 100_000,
  maxBodyBytes: 64 * 1024,
  upstreamTimeoutMs: 5_000,
  shutdownDeadlineMs: 3_000,
  accessLog: false,
  logLevel: 'info',
} as const satisfies Partial<GatewayConfig>;

export const sameForAll = (origin: string): GatewayConfig['upstreams'] => ({
  auth: origin,
  vault: origin,
  'secrets-manager': origin,
  monitor: origin,
});

/** One origin serves as every upstream unless `config.upstreams` says otherwise. */
export function startTestGateway(
  origin: string,
  config: Partial<GatewayConfig> = {},
  log: Logger = silentLogger,
  dependencies: Partial<GatewayDependencies> = {},
): Promise<Gateway> {
  return startGateway({ ...DEFAULTS, upstreams: sameForAll(origin), ...config }, { log, ...dependencies });
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
  readonly json: () => Record<string, unknown>;
}

export interface Sent {
  readonly method?: string;
  readonly headers?: Record<string, string | string[]>;
  readonly body?: string | Buffer;
  readonly agent?: Agent;
}

/** A plain request whose path goes out byte for byte. */
export function send(
  url: string,
  path: string,
  { method = 'GET', headers = {}, body, agent }: Sent = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(url, { path, method, headers, agent: agent ?? false });
    request.once('error', reject);
    request.once('response', response => {
      void collect(response).then(resolve, reject);
    });
    request.end(body);
  });
}

export async function collect(response: IncomingMessage): Promise<Answer> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  const body = Buffer.concat(chunks).toString();
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    body,
    json: () => JSON.parse(body) as Record<string, unknown>,
  };
}

/** Sends raw bytes and resolves with everything that came back once the gateway closes the connection. */
export function sendRaw(url: string, text: string): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    let received = '';
    const socket = connect(Number(port), hostname, () => socket.write(text, 'latin1'));
    socket.setEncoding('latin1');
    socket.on('data', (chunk: string) => (received += chunk));
    socket.once('error', reject);
    socket.once('close', () => resolve(received));
  });
}

export interface LogLine {
  readonly message: string;
  readonly fields: LogFields;
}

export function recordingLogger(): { log: Logger; lines: LogLine[] } {
  const lines: LogLine[] = [];
  const record = (message: string, fields: LogFields = {}) => void lines.push({ message, fields });
  const log: Logger = {
    ...silentLogger,
    info: record,
    warn: record,
    error: (message, _cause, fields) => record(message, fields),
    with: () => log,
  };
  return { log, lines };
}

/** A promise to be settled from outside. */
export function deferred<T = void>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve!: (value: T) => void;
  const promise = new Promise<T>(settle => (resolve = settle));
  return { promise, resolve };
}
