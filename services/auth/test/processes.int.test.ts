import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '@strongroom/testing/database';
import { eventually } from '@strongroom/testing/eventually';
import { createLink } from '@strongroom/testing/link';
import { openSuperuser } from '@strongroom/testing/superuser';

/** auth as the cluster runs it: a process of what `tsc -b` built, without a broker, which it does not need to start. */
const MAIN = path.resolve(import.meta.dirname, '../dist/main.js');
const ISSUER = 'https://issuer.test';
const DEADLINE_MS = 60_000;

const secret = () => randomBytes(32).toString('base64url');
const bootstrap = {
  admin: { username: 'admin', password: secret() },
  oauth_client: { id: 'privx-external', secret: secret() },
  api_client: { id: randomUUID(), secret: secret() },
};
const rootKey = secret();

let database: TestDatabase;
const running = new Set<Replica>();

beforeAll(async () => {
  database = await createTestDatabase('auth');
});

afterEach(async () => {
  await Promise.all([...running].map(replica => replica.end('SIGKILL')));
});

afterAll(() => database.close());

interface Replica {
  output: () => string;
  /** Base address, once it listens. */
  url: () => string | undefined;
  end: (signal: NodeJS.Signals) => Promise<number | null>;
  exited: Promise<number | null>;
}

function startReplica(environment: Record<string, string> = {}): Replica {
  const child: ChildProcess = spawn(process.execPath, [MAIN], {
    env: {
      STRONGROOM_DATABASE_URL: database.url,
      STRONGROOM_DATABASE_PASSWORD: database.password,
      STRONGROOM_LISTEN_PORT: '0',
      STRONGROOM_METRICS_PORT: '0',
      STRONGROOM_DRAIN_MS: '0',
      STRONGROOM_AUTH_URL: 'http://127.0.0.1:1',
      STRONGROOM_ISSUER: ISSUER,
      STRONGROOM_ROOT_KEY: rootKey,
      STRONGROOM_BOOTSTRAP: JSON.stringify(bootstrap),
      STRONGROOM_MACHINE_SECRET_VAULT: secret(),
      STRONGROOM_MACHINE_SECRET_SECRETS_MANAGER: secret(),
      STRONGROOM_MACHINE_SECRET_MONITOR: secret(),
      STRONGROOM_RABBITMQ_URL: 'amqp://nobody@127.0.0.1:1',
      ...environment,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  child.stdout?.on('data', (chunk: Buffer) => (text += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (text += chunk.toString()));
  const exited = once(child, 'close').then(() => {
    running.delete(replica);
    return child.exitCode;
  });
  const replica: Replica = {
    output: () => text,
    url: () => /"message":"listening"[^\n]*"url":"([^"]+)"/.exec(text)?.[1],
    end(signal) {
      child.kill(signal);
      return exited;
    },
    exited,
  };
  running.add(replica);
  return replica;
}

const untilReady = (replica: Replica) =>
  eventually(
    'the replica is ready',
    async () => {
      const url = replica.url();
      if (url === undefined) return false;
      return (await fetch(`${url}/readyz`)).status === 200;
    },
    DEADLINE_MS,
  );

async function signIn(replica: Replica): Promise<string> {
  const { oauth_client, api_client } = bootstrap;
  const response = await fetch(`${replica.url() ?? ''}/auth/api/v1/oauth/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa(`${oauth_client.id}:${oauth_client.secret}`)}` },
    body: new URLSearchParams({
      grant_type: 'password',
      username: api_client.id,
      password: api_client.secret,
    }),
  });
  return ((await response.json()) as { access_token: string }).access_token;
}

test('three replicas that start at once on an empty database make one installation', async () => {
  const replicas = [startReplica(), startReplica(), startReplica()];
  await Promise.all(replicas.map(untilReady));

  const superuser = openSuperuser(database);
  const [made] = await superuser.query(
    `SELECT (SELECT count(*)::integer FROM key_encryption_keys) AS sealing,
            (SELECT count(*)::integer FROM signing_keys) AS signing,
            (SELECT count(DISTINCT algorithm)::integer FROM signing_keys) AS algorithms,
            (SELECT count(*)::integer FROM users) AS users,
            (SELECT count(*)::integer FROM api_clients) AS clients,
            (SELECT count(*)::integer FROM roles) AS roles`,
  );
  await superuser.close();
  expect(made).toEqual({ sealing: 1, signing: 2, algorithms: 2, users: 1, clients: 1, roles: 5 });

  // Whoever issued a token, each knows the key that it is signed with.
  for (const issuing of replicas) {
    const authorization = `Bearer ${await signIn(issuing)}`;
    const statuses = replicas.map(
      async replica =>
        (await fetch(`${replica.url() ?? ''}/role-store/api/v1/roles`, { headers: { authorization } }))
          .status,
    );
    expect(await Promise.all(statuses)).toEqual([200, 200, 200]);
  }

  expect(await Promise.all(replicas.map(replica => replica.end('SIGTERM')))).toEqual([0, 0, 0]);
  for (const replica of replicas) expect(replica.output()).toContain('"message":"ended"');
});

test('a replica waits for its database, and says so', async () => {
  const url = new URL(database.url);
  const link = await createLink(Number(url.port));
  link.cut();
  url.port = String(link.port);
  const replica = startReplica({ STRONGROOM_DATABASE_URL: url.href });
  await eventually(
    'it says what it waits for',
    () => replica.output().includes('the database does not let us in yet'),
    DEADLINE_MS,
  );
  link.mend();
  await untilReady(replica);
  expect(await replica.end('SIGTERM')).toBe(0);
  await link.close();
});

test('one that is told to stop while it waits ends at once', async () => {
  const replica = startReplica({ STRONGROOM_DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none' });
  await eventually('it waits', () => replica.output().includes('does not let us in yet'), DEADLINE_MS);
  expect(await replica.end('SIGTERM')).toBe(0);
});

test('the second signal ends a replica that still drains', async () => {
  const replica = startReplica({ STRONGROOM_DRAIN_MS: '60000' });
  await untilReady(replica);
  void replica.end('SIGTERM');
  await eventually('it stops', () => replica.output().includes('"message":"stopping"'), DEADLINE_MS);
  expect(await replica.end('SIGTERM')).toBe(130);
});

test('all wrong settings are told at once, without their values', async () => {
  const replica = startReplica({
    STRONGROOM_RABBITMQ_URL: '',
    STRONGROOM_ROOT_KEY: 'canary-not-a-key',
    STRONGROOM_METRICS_PORT: 'canary',
  });
  expect(await replica.exited).toBe(1);
  expect(replica.output()).toMatch(
    /STRONGROOM_ROOT_KEY[^]*STRONGROOM_RABBITMQ_URL is required[^]*STRONGROOM_METRICS_PORT/,
  );
  expect(replica.output()).not.toContain('canary');
});
