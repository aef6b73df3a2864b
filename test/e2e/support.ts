import path from 'node:path';
import { createApiClient, type ApiClient } from '@strongroom/testing/api-client';
import {
  makeDataDirectory,
  readInstallation,
  removeDataDirectory,
  startStandalone,
  type Installation,
  type Standalone,
} from '@strongroom/testing/standalone';
import { remainsOfCluster, remainsOfStandalone, type Place } from './remains.ts';

export interface RunningPlatform<Platform extends Installation = Installation> {
  platform: Platform;
  client: ApiClient;
  /** All that it wrote anywhere. A platform of our own is stopped for that. */
  remains: () => AsyncIterable<Place>;
  stop: () => Promise<void>;
}

/** The directory of a running cluster (`make test-cluster`); absent: each test file starts a platform of its own. */
const CLUSTER = process.env['STRONGROOM_E2E_CLUSTER'];

/** A platform, and a client that is signed in. The cluster has its settings from whoever started it. */
export async function runPlatform(environment: Record<string, string> = {}): Promise<RunningPlatform> {
  return CLUSTER === undefined ? runStandalone(environment) : useCluster(path.resolve(CLUSTER));
}

/** For tests that set a platform up as they need it, or look into its files. */
export async function runStandalone(
  environment: Record<string, string>,
): Promise<RunningPlatform<Standalone>> {
  const dataDirectory = await makeDataDirectory();
  const platform = await startStandalone(dataDirectory, {
    // Tests come from one address, faster than any client.
    STRONGROOM_RATE_LIMIT_PER_SECOND: '100000',
    STRONGROOM_SIGN_IN_RATE_LIMIT_PER_SECOND: '100000',
    ...environment,
  });
  const client = await createApiClient(platform);
  return {
    platform,
    client,
    remains: () => remainsOfStandalone(platform),
    async stop() {
      await client.close();
      await platform.stop();
      await removeDataDirectory(dataDirectory);
    },
  };
}

async function useCluster(directory: string): Promise<RunningPlatform> {
  const platform = await readInstallation(directory);
  const client = await createApiClient(platform);
  return { platform, client, remains: () => remainsOfCluster(directory), stop: () => client.close() };
}

export async function roleHandle(client: ApiClient, name: string): Promise<{ id: string; name: string }> {
  const { body } = await client.call('POST', '/role-store/api/v1/roles/resolve', { body: [name] });
  const [item] = (body as { items: { id: string; name: string }[] }).items;
  if (item === undefined) throw new Error('the role does not exist');
  return { id: item.id, name: item.name };
}

/** Asks until `check` is content: for effects that travel by events. */
export async function eventually<T>(ask: () => Promise<T>, check: (value: T) => boolean): Promise<T> {
  const deadline = Date.now() + 20_000;
  for (;;) {
    const value = await ask();
    if (check(value)) return value;
    if (Date.now() > deadline)
      throw new Error(`not within 20 s; last seen: ${JSON.stringify(value).slice(0, 500)}`);
    await new Promise(resolve => setTimeout(resolve, 20));
  }
}

interface Operation {
  operationId: string;
  security: unknown[];
  parameters: { name: string; in: string }[];
  requestBody?: { content: Record<string, unknown> };
}

/** Every operation that the platform serves, from its own OpenAPI document. */
export async function listOperations(
  client: ApiClient,
): Promise<{ method: string; path: string; operation: Operation }[]> {
  const { body } = await client.call('GET', '/openapi.json', { token: null });
  const { paths } = body as { paths: Record<string, Record<string, Operation>> };
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
  );
}
