import { randomBytes, randomUUID } from 'node:crypto';
import type { Cache } from '@strongroom/cache/cache';
import { createMemoryCache } from '@strongroom/cache/memory-cache';
import type { AuditRecord } from '@strongroom/contracts/audit';
import type { CloudEvent } from '@strongroom/contracts/cloud-event';
import type { Permission } from '@strongroom/contracts/permissions';
import { SecretBytes } from '@strongroom/crypto/secret-bytes';
import { type Database } from '@strongroom/db/database';
import { silentLogger } from '@strongroom/log/logger';
import type { RunningService } from '@strongroom/service/serve';
import { createRecordingBus, recordsOf } from '@strongroom/testing/recording-bus';
import { openSuperuser } from '@strongroom/testing/superuser';
import { createTestDatabase, type TestDatabase } from '@strongroom/testing/database';
import { readSettings } from '@strongroom/config/settings';
import { readAuthSettings, type AuthConfig, type AuthSecrets, type AuthSettings } from '../src/config.ts';
import type { Bootstrap } from '../src/domain/bootstrap.ts';
import { startAuth } from '../src/service.ts';
export const TOKEN = '/auth/api/v1/oauth/token';
export const ROLES = '/role-store/api/v1/roles';
export const API_CLIENTS = '/local-user-store/api/v1/api-clients';
export const USERS = '/local-user-store/api/v1/users';
export const ISSUER = 'https://issuer.test';

export interface Answer {
  status: number;
  headers: Headers;
  text: string;
  /** The parsed body; an empty object when there is none. */
  body: Record<string, unknown>;
}

export interface CallOptions {
  /** Authorization header; absent: the API client of the first start. `null`: none. */
  as?: string | null;
  /** Text goes as it is, all else as JSON. */
  body?: unknown;
  headers?: Record<string, string>;
}

export interface Identity {
  id: string;
  secret: string;
}

export interface TestAuth {
  readonly url: string;
  readonly database: TestDatabase;
  readonly superuser: Database;
  readonly config: AuthConfig;
  readonly secrets: AuthSecrets & { bootstrap: Bootstrap };
  readonly events: readonly CloudEvent[];
  call: (method: string, path: string, options?: CallOptions) => Promise<Answer>;
  /** The token endpoint, with the form and the Basic header as they are given. */
  postToken: (
    form: string | undefined,
    as: string | null,
    headers?: CallOptions['headers'],
  ) => Promise<Answer>;
  /** The password grant as the SDKs send it (contract 1.2). */
  signIn: (client?: Identity) => Promise<Answer>;
  /** A new API client whose only role carries these permissions, and the bearer of its token. */
  clientWith: (...permissions: Permission[]) => Promise<Identity & { roleId: string; bearer: string }>;
  startReplica: (secrets?: Partial<AuthSecrets>) => Promise<RunningService>;
  /** The audit records of all calls that were answered before. */
  trail: () => Promise<AuditRecord[]>;
  stop: () => Promise<void>;
}

/** As credentials.json has them: ids are UUIDs and secrets 43 base64url characters. */
export const randomSecret = (): string => randomBytes(32).toString('base64url');

export const makeBootstrap = (): Bootstrap => ({
  admin: { username: 'admin', password: randomSecret() },
  oauth_client: { id: 'privx-external', secret: randomSecret() },
  api_client: { id: randomUUID(), secret: randomSecret() },
});

export const basic = (id: string, secret: string): string =>
  `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`;

export const passwordGrant = (username: string, password: string): string =>
  `grant_type=password&password=${encodeURIComponent(password)}&username=${encodeURIComponent(username)}`;

export async function startTestAuth(
  options: {
    now?: () => Date;
    bootstrap?: Bootstrap;
    settings?: Partial<AuthSettings>;
    cache?: Cache;
  } = {},
): Promise<TestAuth> {
  const now = options.now ?? (() => new Date());
  const database = await createTestDatabase('auth');
  const superuser = openSuperuser(database);
  const { bus, events, until } = await createRecordingBus();
  const config: AuthConfig = {
    service: 'auth',
    schema: 'auth',
    version: '0.0.0',
    host: '127.0.0.1',
    port: 0,
    databaseUrl: database.url,
    databasePoolSize: 10,
    databaseDeadlineMs: 5_000,
    authUrl: 'http://127.0.0.1:1',
    issuer: ISSUER,
    callerRateLimitPerSecond: 0,
    shutdownDeadlineMs: 10_000,
    logLevel: 'error',
    ...readAuthSettings(readSettings({})),
    ...options.settings,
  };
  const bootstrap = options.bootstrap ?? makeBootstrap();
  const secrets = {
    databasePassword: database.password,
    rootKey: new SecretBytes(randomBytes(32)),
    machineSecrets: {
      'strongroom-vault': randomSecret(),
      'strongroom-secrets-manager': randomSecret(),
      'strongroom-monitor': randomSecret(),
    },
    bootstrap,
  };
  const replicas = new Set<RunningService>();
  const startReplica: TestAuth['startReplica'] = async other => {
    const dependencies = { bus, log: silentLogger, now };
    const started = await startAuth(config, { ...secrets, ...other }, dependencies);
    const replica = {
      url: started.url,
      stop() {
        replicas.delete(replica);
        return started.stop();
      },
    };
    replicas.add(replica);
    return replica;
  };
  const cache = options.cache ?? createMemoryCache();
  const service = await startAuth(config, secrets, { bus, cache, log: silentLogger, now });
  let ownBearer: string | undefined;

  const call: TestAuth['call'] = async (method, path, { as, body, headers } = {}) => {
    const authorization = as === undefined ? (ownBearer ??= await bearerOf(bootstrap.api_client)) : as;
    const response = await fetch(`${service.url}${path}`, {
      method,
      headers: { ...(authorization === null ? {} : { authorization }), ...headers },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    const parsed = text === '' ? {} : (JSON.parse(text) as Record<string, unknown>);
    return { status: response.status, headers: response.headers, text, body: parsed };
  };

  const postToken: TestAuth['postToken'] = (form, as, headers) =>
    call('POST', TOKEN, {
      as,
      headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
      ...(form === undefined ? {} : { body: form }),
    });
  const signIn: TestAuth['signIn'] = ({ id, secret } = bootstrap.api_client) =>
    postToken(passwordGrant(id, secret), basic(bootstrap.oauth_client.id, bootstrap.oauth_client.secret));

  async function bearerOf(client: Identity): Promise<string> {
    const { status, body } = await signIn(client);
    if (status !== 200) throw new Error(`no token: ${status}`);
    return `Bearer ${String(body['access_token'])}`;
  }

  return {
    url: service.url,
    database,
    superuser,
    config,
    secrets,
    events,
    call,
    postToken,
    signIn,
    async clientWith(...permissions) {
      const role = await call('POST', ROLES, { body: { name: uniqueName('role'), permissions } });
      const roles = [{ id: role.body['id'] }];
      const made = await call('POST', API_CLIENTS, { body: { name: uniqueName('client'), roles } });
      const { body } = await call('GET', `${API_CLIENTS}/${String(made.body['id'])}`);
      const client = { id: String(body['id']), secret: String(body['secret']) };
      return { ...client, roleId: String(role.body['id']), bearer: await bearerOf(client) };
    },
    startReplica,
    async trail() {
      // The relay keeps the order: once the last record is out, so are all before it.
      const last = randomUUID();
      await call('GET', API_CLIENTS, { headers: { 'x-request-id': last } });
      await until(() => recordsOf(events).some(record => record.message['requestID'] === last));
      return recordsOf(events).filter(record => record.message['requestID'] !== last);
    },
    async stop() {
      // Also those that a failed test left behind.
      for (const replica of replicas) await replica.stop();
      await service.stop();
      await superuser.close();
      await database.close();
    },
  };
}

/** An installation of its own for one test, stopped whatever the test comes to. */
export async function withTestAuth(
  options: Parameters<typeof startTestAuth>[0],
  work: (auth: TestAuth) => Promise<void>,
): Promise<void> {
  const auth = await startTestAuth(options);
  await work(auth).finally(() => auth.stop());
}

export const uniqueName = (prefix: string): string => `${prefix}-${randomUUID()}`;
