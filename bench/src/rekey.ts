/**
 * Re-keys 100,000 secrets while the whole platform reads and writes through its gateway, kills it with -9 on the way,
 * database included, and looks whether it ends with the proof that no value needs the old key.
 * `make rekey`, or `node bench/dist/rekey.js [secrets] [kills]`. Exit code 1 when a request failed, a write was lost, a
 * value changed or the proof is missing.
 */
import process from 'node:process';
import { setTimeout as pause } from 'node:timers/promises';
import { createApiClient, type ApiClient } from '@strongroom/testing/api-client';
import {
  makeDataDirectory,
  removeDataDirectory,
  startStandalone,
  type Standalone,
} from '@strongroom/testing/standalone';
import {
  countNotUnder,
  digestOfCiphertexts,
  loadedName,
  loadedValue,
  loadSecrets,
  measureFloor,
  openVaultTables,
} from './sealed-rows.ts';

const SECRETS = Number(process.argv[2] ?? 100_000);
const KILLS = Number(process.argv[3] ?? 2);
const WORKERS = 16;
const SAMPLE = Math.min(SECRETS, 2_000);
const LOOK_MS = 100;
/** Load without re-keying, to compare with. */
const BASE_MS = 3_000;
const ENVIRONMENT = {
  STRONGROOM_RATE_LIMIT_PER_SECOND: '1000000',
  STRONGROOM_CALLER_RATE_LIMIT_PER_SECOND: '0',
};

/** One worker's own secret: the last number acknowledged, and the last one sent. */
interface Ledger {
  acknowledged: number;
  attempted: number;
}

interface Rotation {
  state: 'running' | 'finished';
  total: number;
  rewrapped: number;
  from_key: number;
  to_key: number;
  finished?: string;
  values_under_old_key?: number;
}

const ledgers = Array.from({ length: WORKERS }, (): Ledger => ({ acknowledged: 0, attempted: 0 }));
const counts = { reads: 0, writes: 0, cut: 0, failed: 0, wrong: 0 };
let slowestMs = 0;
/** Time in which the platform was up and re-keyed. */
let workedMs = 0;
let answeredMeanwhile = 0;
let basePerSecond = 0;
const answered = () => counts.reads + counts.writes;
const started = performance.now();
/** What the tables hold at the end, and how quick they are. */
let after = { floor: 0, others: 0, digest: '' };

const dataDirectory = await makeDataDirectory();
try {
  const digest = await load();
  let rotation = await run(1 / (KILLS + 1));
  for (let kill = 1; kill <= KILLS; kill += 1) rotation = await run((kill + 1) / (KILLS + 1));
  report(rotation, digest);
} finally {
  await removeDataDirectory(dataDirectory);
}

async function load(): Promise<string> {
  const platform = await startStandalone(dataDirectory, ENVIRONMENT);
  const client = await createApiClient(platform, WORKERS);
  const roles = await adminRole(client);
  const db = await openVaultTables(dataDirectory);
  await loadSecrets(db, dataDirectory, roles[0]?.id ?? '', SECRETS);
  const digest = await digestOfCiphertexts(db);
  for (const [worker] of ledgers.entries()) {
    const body = { name: ownName(worker), data: { number: 0 }, read_roles: roles, write_roles: roles };
    const { status } = await client.call('POST', '/vault/api/v1/secrets', { body });
    if (status !== 201) throw new Error(`a secret could not be made: ${status}`);
  }
  await db.close();
  await client.close();
  await platform.stop();
  process.stdout.write(`${SECRETS} secrets stored after ${seconds(performance.now() - started)}\n`);
  return digest;
}

/** One life of the platform under load: until this part of all values is re-wrapped, then kill -9; 1: to the end. */
async function run(until: number): Promise<Rotation> {
  const platform = await startStandalone(dataDirectory, ENVIRONMENT);
  const client = await createApiClient(platform, WORKERS + 1);
  const life = { isOver: false, isKilled: false };
  const workers = Promise.all(ledgers.map((ledger, worker) => work(client, life, worker, ledger)));
  if (workedMs === 0) {
    await pause(BASE_MS);
    basePerSecond = (answered() * 1_000) / BASE_MS;
  }
  const [begun, answeredBefore] = [performance.now(), answered()];
  // Answers the rotation that a killed platform left behind, if there is one.
  const { status } = await client.call('POST', '/vault/api/v1/keys/rotate');
  if (status !== 200) throw new Error(`the rotation could not be started: ${status}`);
  let rotation = await look(client);
  while (rotation.state === 'running' && (until === 1 || rotation.rewrapped < until * rotation.total)) {
    await pause(LOOK_MS);
    rotation = await look(client);
  }
  workedMs += performance.now() - begun;
  answeredMeanwhile += answered() - answeredBefore;
  process.stdout.write(
    `${rotation.rewrapped} of ${rotation.total} re-wrapped after ${seconds(workedMs)}: ${rotation.state}\n`,
  );
  if (until < 1) {
    life.isKilled = true;
    await platform.kill();
  }
  life.isOver = true;
  await workers;
  if (until === 1) await checkValues(client);
  await client.close();
  if (until === 1) await finish(platform, rotation.to_key);
  return rotation;
}

async function finish(platform: Standalone, keyId: number): Promise<void> {
  const db = await openVaultTables(dataDirectory);
  after = { floor: 0, others: await countNotUnder(db, keyId), digest: await digestOfCiphertexts(db) };
  after.floor = await measureFloor(db);
  await db.close();
  await platform.stop();
}

async function look(client: ApiClient): Promise<Rotation> {
  const { status, body } = await client.call('GET', '/vault/api/v1/keys');
  if (status !== 200) throw new Error(`the keys could not be read: ${status}`);
  return (body as unknown as { rotation: Rotation }).rotation;
}

/** Mixed reads and writes until the life is over or ends in the middle of a request. */
async function work(
  client: ApiClient,
  life: { isOver: boolean; isKilled: boolean },
  worker: number,
  ledger: Ledger,
): Promise<void> {
  try {
    while (!life.isOver) {
      const number = (ledger.attempted += 1);
      const written = await timed(() =>
        client.call('PUT', pathOf(ownName(worker)), { body: { data: { number } } }),
      );
      if (written.status === 200) ledger.acknowledged = number;
      counts.writes += 1;
      const own = await timed(() => client.call('GET', pathOf(ownName(worker))));
      const index = Math.floor(Math.random() * SECRETS);
      const other = await timed(() => client.call('GET', pathOf(loadedName(index))));
      counts.reads += 2;
      for (const { status } of [written, own, other]) if (status !== 200) counts.failed += 1;
      if (own.status === 200 && !isCurrent(own.body, ledger)) counts.wrong += 1;
      if (other.status === 200 && !isLoaded(other.body, index)) counts.wrong += 1;
    }
  } catch {
    // Killed in the middle of a request it was neither acknowledged nor answered.
    if (life.isKilled) counts.cut += 1;
    else counts.failed += 1;
  }
}

async function timed<T>(call: () => Promise<T>): Promise<T> {
  const begun = performance.now();
  const answer = await call();
  slowestMs = Math.max(slowestMs, performance.now() - begun);
  return answer;
}

/** At the end every own secret and a sample of the others are read back. */
async function checkValues(client: ApiClient): Promise<void> {
  for (const [worker, ledger] of ledgers.entries()) {
    const { status, body } = await client.call('GET', pathOf(ownName(worker)));
    if (status !== 200 || !isCurrent(body, ledger)) counts.wrong += 1;
  }
  for (let turn = 0; turn < SAMPLE; turn += 1) {
    const index = Math.floor((turn * SECRETS) / SAMPLE);
    const { status, body } = await client.call('GET', pathOf(loadedName(index)));
    if (status !== 200 || !isLoaded(body, index)) counts.wrong += 1;
  }
}

type Body = Record<string, unknown> | undefined;

/** At least what was acknowledged; at most what was sent. */
function isCurrent(body: Body, ledger: Ledger): boolean {
  const { number } = (body?.['data'] ?? {}) as { number?: number };
  return number !== undefined && number >= ledger.acknowledged && number <= ledger.attempted;
}

function isLoaded(body: Body, index: number): boolean {
  return ((body?.['data'] ?? {}) as { value?: string }).value === loadedValue(index);
}

async function adminRole(client: ApiClient): Promise<{ id: string }[]> {
  const answer = await client.call('POST', '/role-store/api/v1/roles/resolve', { body: ['privx-admin'] });
  return (answer.body as unknown as { items: { id: string }[] }).items;
}

function ownName(worker: number): string {
  return `rekey-own-${worker}`;
}

function pathOf(name: string): string {
  return `/vault/api/v1/secrets/${encodeURIComponent(name)}`;
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}

function report(rotation: Rotation, digest: string): void {
  const perSecond = (rotation.total * 1_000) / workedMs;
  const isSame = after.digest === digest;
  const isProved = rotation.values_under_old_key === 0 && after.others === 0;
  process.stdout.write(
    [
      '',
      `values under the old key at the start   ${rotation.total}`,
      `kills with -9 on the way                ${KILLS}`,
      `time of re-keying, without restarts     ${seconds(workedMs)}`,
      `values a second, under load             ${Math.round(perSecond)} (${Math.round(perSecond * 60)} a minute)`,
      `floor: bare UPDATEs of the same rows    ${Math.round(after.floor)} a second`,
      `part of the floor                       ${((100 * perSecond) / after.floor).toFixed(0)} %`,
      `reads and writes                        ${counts.reads} and ${counts.writes}, slowest ${Math.round(slowestMs)} ms`,
      `requests a second before, and meanwhile ${Math.round(basePerSecond)}, ${Math.round((answeredMeanwhile * 1_000) / workedMs)}`,
      `failed                                  ${counts.failed}`,
      `cut off by a kill                       ${counts.cut}`,
      `wrong or lost values                    ${counts.wrong}`,
      `ciphertexts                             ${isSame ? 'unchanged' : 'CHANGED'}`,
      `values that are not under the new key   ${after.others}`,
      `proof                                   ${isProved ? `recorded at ${rotation.finished ?? ''}` : 'MISSING'}`,
      '',
    ].join('\n'),
  );
  if (counts.failed + counts.wrong > 0 || !isSame || !isProved) process.exitCode = 1;
}
