/**
 * Kills the whole platform with -9, database included, again and again under load, and counts what is lost:
 * acknowledged writes that are not read back, and answered requests that the audit trail does not know.
 * `make crash`, or `node bench/dist/crash.js [rounds]`. Exit code 1 when anything was lost.
 */
import process from 'node:process';
import { setTimeout as pause } from 'node:timers/promises';
import { createApiClient, type ApiClient } from '@strongroom/testing/api-client';
import { makeDataDirectory, removeDataDirectory, startStandalone } from '@strongroom/testing/standalone';

const ROUNDS = Number(process.argv[2] ?? 10);
const WORKERS = 32;
const LOAD_MS = 2_000;
const SECRETS_PER_WORKER = 4;

/** One worker's own secret: the last number acknowledged, and the last one sent. */
interface Ledger {
  acknowledged: number;
  attempted: number;
}

const ledgers = new Map<string, Ledger>();
const answered = new Set<string>();
const counts = { writes: 0, reads: 0, cut: 0, refused: 0, lostWrites: 0, wrongReads: 0, checked: 0 };

const dataDirectory = await makeDataDirectory();
const environment = {
  STRONGROOM_RATE_LIMIT_PER_SECOND: '1000000',
  STRONGROOM_CALLER_RATE_LIMIT_PER_SECOND: '0',
};
try {
  for (let round = 1; round <= ROUNDS; round += 1) await crashRound(round);
  await finalCheck();
} finally {
  await removeDataDirectory(dataDirectory);
}

async function crashRound(round: number): Promise<void> {
  const platform = await startStandalone(dataDirectory, environment);
  const client = await createApiClient(platform, WORKERS);
  await checkWrites(client);
  const readRoles = await adminRole(client);
  const load = Promise.all(Array.from({ length: WORKERS }, (_, worker) => work(client, worker, readRoles)));
  await pause(LOAD_MS);
  await platform.kill();
  await load;
  await client.close();
  process.stdout.write(`round ${round}: ${counts.writes} writes and ${counts.reads} reads answered so far\n`);
}

/** Mixed reads and writes until the connection breaks. */
async function work(client: ApiClient, worker: number, roles: unknown): Promise<void> {
  try {
    for (let turn = 0; ; turn += 1) {
      const name = `crash/${worker}/${turn % SECRETS_PER_WORKER}`;
      const ledger = ledgers.get(name) ?? { acknowledged: 0, attempted: 0 };
      ledgers.set(name, ledger);
      await write(client, name, ledger, roles);
      await read(client, name, ledger);
    }
  } catch {
    // The platform was killed in the middle of a request: neither acknowledged nor answered.
    counts.cut += 1;
  }
}

async function write(client: ApiClient, name: string, ledger: Ledger, roles: unknown): Promise<void> {
  ledger.attempted += 1;
  const number = ledger.attempted;
  const body = { name, data: { number, padding: 'x'.repeat(512) }, read_roles: roles, write_roles: roles };
  let answer = await client.call('PUT', `/vault/api/v1/secrets/${encodeURIComponent(name)}`, { body });
  if (answer.status === 404) {
    remember(answer.headers);
    answer = await client.call('POST', '/vault/api/v1/secrets', { body });
  }
  if (answer.status >= 300) {
    counts.refused += 1;
    return;
  }
  remember(answer.headers);
  ledger.acknowledged = number;
  counts.writes += 1;
}

async function read(client: ApiClient, name: string, ledger: Ledger): Promise<void> {
  const answer = await client.call('GET', `/vault/api/v1/secrets/${encodeURIComponent(name)}`);
  if (answer.status !== 200) {
    counts.refused += 1;
    return;
  }
  remember(answer.headers);
  counts.reads += 1;
  if (!isCurrent(answer.body, ledger)) counts.wrongReads += 1;
}

function remember(headers: Record<string, unknown>): void {
  const id = headers['x-request-id'];
  if (typeof id === 'string') answered.add(id);
}

/** At least what was acknowledged; at most what was sent. */
function isCurrent(body: Record<string, unknown> | undefined, ledger: Ledger): boolean {
  const { number } = (body?.['data'] ?? {}) as { number?: number };
  return number !== undefined && number >= ledger.acknowledged && number <= ledger.attempted;
}

async function checkWrites(client: ApiClient): Promise<void> {
  for (const [name, ledger] of ledgers) {
    if (ledger.acknowledged === 0) continue;
    const answer = await client.call('GET', `/vault/api/v1/secrets/${encodeURIComponent(name)}`);
    counts.checked += 1;
    if (answer.status !== 200 || !isCurrent(answer.body, ledger)) counts.lostWrites += 1;
    remember(answer.headers);
  }
}

async function adminRole(client: ApiClient): Promise<unknown> {
  const answer = await client.call('POST', '/role-store/api/v1/roles/resolve', { body: ['privx-admin'] });
  return (answer.body as { items: unknown[] }).items;
}

async function finalCheck(): Promise<void> {
  const platform = await startStandalone(dataDirectory, environment);
  const client = await createApiClient(platform);
  await checkWrites(client);
  const missing = await missingFromTrail(client);
  await client.close();
  await platform.stop();
  process.stdout.write(
    [
      '',
      `kills with -9                     ${ROUNDS}`,
      `writes acknowledged               ${counts.writes}`,
      `reads answered                    ${counts.reads}`,
      `requests cut off by a kill        ${counts.cut}`,
      `requests refused with an error    ${counts.refused}`,
      `secrets read back after a kill    ${counts.checked}`,
      `acknowledged writes lost          ${counts.lostWrites}`,
      `reads older than their write      ${counts.wrongReads}`,
      `answered requests                 ${answered.size}`,
      `answered without an audit record  ${missing}`,
      '',
    ].join('\n'),
  );
  if (counts.lostWrites + counts.wrongReads + missing > 0) process.exitCode = 1;
}

/** The relay delivers what the last kill left behind, so the trail is asked until it is complete or stands still. */
async function missingFromTrail(client: ApiClient): Promise<number> {
  const deadline = Date.now() + 60_000;
  const missing = new Set(answered);
  let offset = 0;
  while (missing.size > 0 && Date.now() < deadline) {
    const path = `/monitor-service/api/v1/auditevents?offset=${offset}&limit=1000&sortdir=ASC`;
    const { body } = await client.call('GET', path);
    const { items } = body as { items: { message: Record<string, string> }[] };
    for (const { message } of items) missing.delete(message['requestID'] ?? '');
    offset += items.length;
    if (items.length < 1000) await pause(100);
  }
  return missing.size;
}
