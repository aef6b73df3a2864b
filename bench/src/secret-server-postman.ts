/**
 * Runs the readable collection of DelineaXPM/secretserver-postman (10.9.35, commit 45e8a40) under newman against a
 * platform of its own, and writes what became of each request (docs/secret-server-postman.md).
 * `node bench/dist/secret-server-postman.js <collection.json> <report.md>`; newman comes by npx. Exit code 0 whatever
 * passed: the table is the result.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { fill, order, requestsOf } from './postman-collection.ts';
import { makeWorld } from './postman-world.ts';
import { judge, report, type Execution } from './postman-report.ts';
import { startSecretServerPlatform } from './secret-server-platform.ts';

const NEWMAN = 'newman@6.2.2';
const SCHEMA = 'https://schema.getpostman.com/json/collection/v2.1.0/collection.json';

const [collectionFile, reportFile] = process.argv.slice(2);
if (collectionFile === undefined || reportFile === undefined) {
  throw new Error('usage: secret-server-postman <collection.json> <report.md>');
}
const requests = requestsOf(await readFile(collectionFile, 'utf8')).sort(
  (one, other) => order(one) - order(other),
);
const platform = await startSecretServerPlatform();
const directory = await mkdtemp(path.join(tmpdir(), 'postman-'));
try {
  const world = await makeWorld(platform);
  const { body } = await platform.client.signIn(platform.username, platform.password);
  const [run, out] = [path.join(directory, 'run.json'), path.join(directory, 'out.json')];
  const collection = {
    info: { name: 'run', schema: SCHEMA },
    auth: {
      type: 'bearer',
      bearer: [{ key: 'token', value: String(body?.['access_token']), type: 'string' }],
    },
    item: fill(requests, world),
  };
  await writeFile(run, JSON.stringify(collection), { mode: 0o600 });
  const newman = spawn(
    'npx',
    ['--yes', NEWMAN, 'run', run, '--ssl-extra-ca-certs', platform.caFile, '--reporters', 'json'].concat(
      '--reporter-json-export',
      out,
    ),
    { stdio: 'inherit' },
  );
  // It ends with 1 when a request could not be sent, which the table says.
  await once(newman, 'exit');
  const { run: ran } = JSON.parse(await readFile(out, 'utf8')) as { run: { executions: Execution[] } };
  const byName = new Map(ran.executions.map(execution => [execution.item.name, execution]));
  const outcomes = requests.map((request, index) => judge(request, byName.get(String(index))));
  await writeFile(reportFile, report(outcomes));
} finally {
  await platform.stop();
  await rm(directory, { recursive: true });
}
