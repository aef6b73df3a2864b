import { createServer, request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import type { Caller } from '@strongroom/contracts/caller';
import { unauthenticated } from '@strongroom/errors/common-errors';
import { silentLogger, type Logger } from '@strongroom/log/logger';
import { listen } from '../src/listen.ts';
import type { Route } from '../src/route.ts';
import { buildServiceApp, type ServiceAppOptions } from '../src/service-app.ts';

export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
  json: Record<string, unknown>;
}

export interface Sent {
  headers?: Record<string, string>;
  body?: string | Buffer;
}

export interface TestApp {
  port: number;
  /** What was logged as an error. */
  logged: { message: string; cause: unknown }[];
  /** One request, its target sent exactly as given. */
  send: (method: string, target: string, sent?: Sent) => Promise<Answer>;
  stop: () => Promise<void>;
}

/** `Bearer <permissions, by commas>` is a caller; every other header is refused. */
export function authenticate(authorization: string | undefined): Caller {
  const permissions = /^Bearer (.*)$/.exec(authorization ?? '')?.[1];
  if (permissions === undefined) throw unauthenticated();
  return {
    id: 'caller-1',
    kind: 'api-client',
    name: 'test',
    sessionId: 'session-1',
    clientId: 'privx-external',
    authTime: 1_800_000_000,
    authMethods: [],
    roles: [],
    permissions: new Set(permissions.split(',')),
  };
}

export const MANAGER = { authorization: 'Bearer vault-manage' };

export async function startApp(
  routes: readonly Route[],
  options: Partial<ServiceAppOptions> = {},
): Promise<TestApp> {
  const logged: TestApp['logged'] = [];
  const log: Logger = { ...silentLogger, error: (message, cause) => void logged.push({ message, cause }) };
  const app = buildServiceApp({
    title: 'test',
    version: '1',
    routes,
    authenticate,
    isReady: () => Promise.resolve(true),
    bodyLimitBytes: 1_000_000,
    log,
    ...options,
  });
  const listening = await listen(createServer(app), '127.0.0.1', 0);
  return {
    port: listening.port,
    logged,
    send: (method, target, sent) => send(listening.port, method, target, sent),
    stop: () => listening.stop(0),
  };
}

function send(port: number, method: string, path: string, { headers, body }: Sent = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest(
      { host: '127.0.0.1', port, method, path, headers, agent: false },
      response => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString();
          const isJson = response.headers['content-type']?.includes('json') === true;
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            text,
            json: isJson ? (JSON.parse(text) as Record<string, unknown>) : {},
          });
        });
      },
    );
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}
