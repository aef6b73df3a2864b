/**
 * Tokens and sign-ins a second through the gateway, beside a floor that is measured in the same run, and how much
 * a storm of sign-ins slows the reading of secrets. Absolute numbers depend on the machine; ratios hold.
 * `make bench`; `node bench/dist/sign-ins.js [seconds per measurement] [rounds]`.
 */
import { createHash, randomBytes } from 'node:crypto';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import type autocannon from 'autocannon';
import { createPasswordHasher } from '@strongroom/crypto/password';
import { startEmbeddedPostgres } from '@strongroom/embedded-postgres/start';
import { silentLogger } from '@strongroom/log/logger';
import { createApiClient, type ApiClient } from '@strongroom/testing/api-client';
import { makeDataDirectory, removeDataDirectory, startStandalone } from '@strongroom/testing/standalone';
import { median, putLoad, putSteadyLoad, startFloor, stopFloors, type Row } from './load.ts';

const SECONDS = Number(process.argv[2] ?? 6);
const ROUNDS = Number(process.argv[3] ?? 3);
const CONNECTIONS = 32;
const SECRETS = 1_000;
/** People who sign in at once: more than the hashing threads, fewer than its queue. */
const STORM = 16;
/** Pairs of refused sign-ins that are compared. */
const REFUSALS = 20;

/** A load that leaves room: at full load, whatever comes on top slows all the rest by what it takes. */
const STEADY_READS = 300;

const TOKEN = '/auth/api/v1/oauth/token';
const PASSWORD = randomBytes(24).toString('base64url');
const REDIRECT = '/privx/oauth-callback';

const directory = await mkdtemp(path.join(tmpdir(), 'strongroom-bench-'));
await chmod(directory, 0o711);
const floorDatabase = await startEmbeddedPostgres({
  dataDirectory: path.join(directory, 'postgres'),
  logFile: path.join(directory, 'postgres.log'),
  superuser: 'floor',
  password: 'floor',
  durable: true,
  log: silentLogger,
});
const dataDirectory = await makeDataDirectory();
const platform = await startStandalone(dataDirectory, {
  STRONGROOM_RATE_LIMIT_PER_SECOND: '1000000',
  STRONGROOM_SIGN_IN_RATE_LIMIT_PER_SECOND: '1000000',
  STRONGROOM_CALLER_RATE_LIMIT_PER_SECOND: '0',
});
const { oauth_client, api_client } = platform.credentials;
const client = await createApiClient(platform, STORM);
// Connections of their own: readers do not wait for those who sign in.
const reader = await createApiClient(platform, CONNECTIONS);
try {
  await run();
} finally {
  stopFloors();
  await client.close();
  await reader.close();
  await platform.stop();
  await floorDatabase.stop();
  await removeDataDirectory(dataDirectory);
  await rm(directory, { recursive: true, force: true });
}

function form(fields: Record<string, string>): string {
  return new URLSearchParams(fields).toString();
}

function tokenRequest(
  fields: Record<string, string>,
  pair?: { id: string; secret: string },
): autocannon.Request {
  return {
    method: 'POST',
    path: TOKEN,
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      ...(pair === undefined
        ? {}
        : { authorization: `Basic ${Buffer.from(`${pair.id}:${pair.secret}`).toString('base64')}` }),
    },
    body: form(fields),
  };
}

/** Everybody is another one: several failed or unfinished sign-ins of one person at once are taken for guesses. */
function nameOf(person: number): string {
  return `person-${person}`;
}

async function makePeople(): Promise<void> {
  for (let person = 0; person < CONNECTIONS; person += 1) {
    const body = { username: nameOf(person), password: { password: PASSWORD } };
    const { status } = await client.call('POST', '/local-user-store/api/v1/users', { body });
    if (status !== 201) throw new Error(`the benchmark could not create a person: ${status}`);
  }
}

/** Answers the token of the sign-in that it begins. */
async function requestAuthorization(verifier: string): Promise<string> {
  const asked = await client.call(
    'GET',
    `/auth/api/v1/oauth/authorize?${form({
      client_id: 'privx-ui',
      redirect_uri: REDIRECT,
      response_type: 'code',
      state: 'bench',
      code_challenge: createHash('sha256').update(verifier).digest('base64url'),
      code_challenge_method: 'S256',
    })}`,
    { token: null },
  );
  return new URL(String(asked.headers['location'])).searchParams.get('token') ?? '';
}

/** The whole way of a person: authorization request, password, code, tokens. */
async function signIn(person: number): Promise<{ refresh_token: string }> {
  const verifier = randomBytes(32).toString('base64url');
  const token = await requestAuthorization(verifier);
  const entered = await client.call('POST', '/auth/api/v1/login', {
    token: null,
    body: { username: nameOf(person), password: PASSWORD, token },
  });
  const granted = await client.call('POST', TOKEN, {
    token: null,
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: form({
      client_id: 'privx-ui',
      redirect_uri: REDIRECT,
      grant_type: 'authorization_code',
      code: String(entered.body?.['code']),
      code_verifier: verifier,
    }),
  });
  if (granted.status !== 200) throw new Error(`a sign-in failed: ${entered.status}, ${granted.status}`);
  return { refresh_token: String(granted.body?.['refresh_token']) };
}

/** Sign-ins by as many people at once as STORM says, until `until` is over. */
async function storm(until: Promise<unknown>): Promise<number> {
  let isOver = false;
  let count = 0;
  void until.finally(() => (isOver = true));
  const person = async (number: number) => {
    while (!isOver) {
      await signIn(number);
      count += 1;
    }
  };
  await Promise.all(Array.from({ length: STORM }, (_, number) => person(number)));
  return count;
}

function pause(seconds: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, seconds * 1_000));
}

async function measureSignIns(seconds: number): Promise<Row> {
  const started = performance.now();
  const count = await storm(pause(seconds));
  const elapsed = (performance.now() - started) / 1_000;
  return {
    perSecond: count / elapsed,
    p50: (elapsed * 1_000 * STORM) / count,
    p99: Number.NaN,
    failed: 0,
  };
}

/**
 * How much longer a refusal takes for the name of nobody than for a person's: must be about 1, or time would tell
 * who is known. In pairs, since the machine is busier at some times than at others.
 */
async function compareRefusals(): Promise<number> {
  const refusal = async (username: string) => {
    // The hashing thread rests after each password; who came at once would measure the rest.
    await pause(0.2);
    const token = await requestAuthorization(randomBytes(32).toString('base64url'));
    const sent = performance.now();
    const body = { username, password: 'not the password', token };
    const { status } = await client.call('POST', '/auth/api/v1/login', { token: null, body });
    if (status !== 400) throw new Error(`a refusal was to be measured, the answer was ${status}`);
    return performance.now() - sent;
  };
  const ratios: number[] = [];
  // Everybody once: several failures of one person would be taken for guesses.
  for (let person = 0; person < REFUSALS; person += 1) {
    const known = await refusal(nameOf(person));
    ratios.push((await refusal(`nobody-${person}`)) / known);
  }
  return median(ratios);
}

/** The floor of sign-ins: the same hash in one thread with nothing around it. */
async function measureHashing(seconds: number): Promise<Row> {
  const passwords = createPasswordHasher({ threads: 1, restFactor: 0 });
  const phc = await passwords.hash('a password for the floor');
  const started = performance.now();
  let count = 0;
  while (performance.now() - started < seconds * 1_000) {
    await passwords.verify(phc, 'a password for the floor');
    count += 1;
  }
  const perSecond = (count * 1_000) / (performance.now() - started);
  await passwords.close();
  return { perSecond, p50: 1_000 / perSecond, p99: Number.NaN, failed: 0 };
}

function strongroom(seconds: number, requests: (connection: number) => autocannon.Request[]): Promise<Row> {
  return putLoad({ url: platform.baseUrl, ca: platform.ca, connections: CONNECTIONS, seconds, requests });
}

/** Each connection is one person's application, which takes the refresh token of its last answer. */
async function measureRefresh(seconds: number): Promise<Row> {
  const people = await Promise.all(Array.from({ length: CONNECTIONS }, (_, number) => signIn(number)));
  return strongroom(seconds, connection => {
    let refreshToken = people[connection]?.refresh_token ?? '';
    const fields = () => ({
      client_id: 'privx-ui',
      redirect_uri: REDIRECT,
      grant_type: 'refresh_token',
      refresh_token: refreshToken,
    });
    return [
      {
        ...tokenRequest(fields()),
        setupRequest: request => ({ ...request, body: form(fields()) }),
        onResponse: (status, body) => {
          if (status === 200)
            refreshToken = String((JSON.parse(body) as Record<string, unknown>)['refresh_token']);
        },
      },
    ];
  });
}

async function prepareReads(): Promise<(seconds: number) => Promise<Row>> {
  const roles = await rolesOf(client);
  for (let index = 0; index < SECRETS; index += 1) {
    const body = {
      name: `bench/${index}`,
      data: { value: 'x'.repeat(1_024) },
      read_roles: roles,
      write_roles: roles,
    };
    const { status } = await client.call('POST', '/vault/api/v1/secrets', { body });
    if (status !== 201) throw new Error(`the benchmark could not create a secret: ${status}`);
  }
  return async seconds => {
    const token = String((await client.signIn()).body?.['access_token']);
    return strongroom(seconds, connection =>
      Array.from({ length: SECRETS }, (_, step) => ({
        method: 'GET',
        path: `/vault/api/v1/secrets/bench%2F${(connection * 31 + step) % SECRETS}`,
        headers: { authorization: `Bearer ${token}` },
      })),
    );
  };
}

async function readSteadily(seconds: number): Promise<Row> {
  const token = String((await client.signIn()).body?.['access_token']);
  return putSteadyLoad(seconds, STEADY_READS, async index => {
    const path = `/vault/api/v1/secrets/bench%2F${(index * 31) % SECRETS}`;
    return (await reader.call('GET', path, { token })).status === 200;
  });
}

async function rolesOf(caller: ApiClient): Promise<{ id: string }[]> {
  const { body } = await caller.call('POST', '/role-store/api/v1/roles/resolve', { body: ['privx-admin'] });
  return (body as { items: { id: string }[] }).items.map(({ id }) => ({ id }));
}

async function run(): Promise<void> {
  const floor = await startFloor('both', `postgres://floor:floor@127.0.0.1:${floorDatabase.port}/postgres`);
  await makePeople();
  const read = await prepareReads();
  const storms: number[] = [];
  const inStorm = async (seconds: number, reading: Promise<Row>): Promise<Row> => {
    storms.push((await storm(reading)) / seconds);
    return reading;
  };
  const password = { grant_type: 'password', username: api_client.id, password: api_client.secret };
  const measurements: Record<string, (seconds: number) => Promise<Row>> = {
    'floor: one durable write': seconds =>
      putLoad({
        url: floor,
        connections: CONNECTIONS,
        seconds,
        requests: connection => [
          {
            method: 'PUT',
            path: `/item/${connection}`,
            headers: { 'content-type': 'application/json' },
            body: JSON.stringify({ value: 'y' }),
          },
        ],
      }),
    'token by password grant': seconds => strongroom(seconds, () => [tokenRequest(password, oauth_client)]),
    'token by client_credentials': seconds =>
      strongroom(seconds, () => [tokenRequest({ grant_type: 'client_credentials' }, api_client)]),
    'token by refresh': measureRefresh,
    'floor: argon2id, one thread': measureHashing,
    'sign-in of a person': measureSignIns,
    'read, steady': readSteadily,
    'read, steady, in a storm': seconds => inStorm(seconds, readSteadily(seconds)),
    'read, as many as can be': read,
    'read, as many, in a storm': seconds => inStorm(seconds, read(seconds)),
  };
  process.stdout.write(
    `${CONNECTIONS} connections (sign-ins: ${STORM} people at once), ${SECONDS} s a measurement, ` +
      `${ROUNDS} rounds in turns, medians; ${cpus().length} cores shared with the load generator; ` +
      `Node ${process.version}\n\n`,
  );
  for (const measure of Object.values(measurements)) await measure(1);
  const rows = new Map<string, Row[]>();
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [name, measure] of Object.entries(measurements)) {
      rows.set(name, [...(rows.get(name) ?? []), await measure(SECONDS)]);
    }
  }
  report(rows, storms);
  process.stdout.write(
    `refusal of nobody: ${(await compareRefusals()).toFixed(2)} of the time of a person's, ${REFUSALS} pairs\n`,
  );
}

function report(rows: ReadonlyMap<string, readonly Row[]>, storms: readonly number[]): void {
  const of = (name: string, value: (row: Row) => number) => (rows.get(name) ?? []).map(value);
  const ratio = (name: string, to: string, value: (row: Row) => number) => {
    const base = of(to, value);
    return median(of(name, value).map((figure, index) => figure / (base[index] ?? Number.NaN)));
  };
  const columns = ['per second', 'p50 ms', 'p99 ms', 'failed'];
  process.stdout.write(`${''.padEnd(28)}${columns.map(column => column.padStart(12)).join('')}\n`);
  for (const name of rows.keys()) {
    const figures = [
      median(of(name, row => row.perSecond)).toFixed(0),
      median(of(name, row => row.p50)).toFixed(1),
      median(of(name, row => row.p99)).toFixed(1),
      String(of(name, row => row.failed).reduce((sum, failed) => sum + failed, 0)),
    ];
    process.stdout.write(
      `${name.padEnd(28)}${figures.map(figure => figure.replace('NaN', '-').padStart(12)).join('')}\n`,
    );
  }
  const perSecond = (row: Row) => row.perSecond;
  const p99 = (row: Row) => row.p99;
  const write = 'floor: one durable write';
  const lines = [
    ...['token by password grant', 'token by client_credentials', 'token by refresh'].map(
      name => `${name}: ${ratio(name, write, perSecond).toFixed(2)} of the floor`,
    ),
    `sign-in of a person: ${ratio('sign-in of a person', 'floor: argon2id, one thread', perSecond).toFixed(2)} of the floor`,
    `reads in a storm of ${median(storms).toFixed(0)} sign-ins a second, p99 against none: ` +
      `${ratio('read, steady, in a storm', 'read, steady', p99).toFixed(2)} at ${STEADY_READS} a second, ` +
      `${ratio('read, as many, in a storm', 'read, as many as can be', p99).toFixed(2)} at as many as can be`,
  ];
  process.stdout.write(`\n${lines.join('\n')}\n`);
}
