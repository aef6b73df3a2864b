import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

const ADDRESS_VARIABLE = 'STRONGROOM_TEST_SERVERS';

export interface OnDemand {
  close: () => Promise<void>;
}

/**
 * Lets test files, which run in processes of their own, share what is started once for a run, and only if one of
 * them asks. Runs in jest's own process.
 */
export async function serveOnDemand(
  makers: Readonly<Record<string, () => Promise<unknown>>>,
): Promise<OnDemand> {
  const made = new Map<string, Promise<unknown>>();
  const server = createServer((request, response) => {
    const name = (request.url ?? '').slice(1);
    const maker = makers[name];
    if (maker === undefined) {
      response.writeHead(404).end();
      return;
    }
    const making = made.get(name) ?? maker();
    made.set(name, making);
    making.then(
      value => response.end(JSON.stringify({ value })),
      (error: unknown) =>
        response.writeHead(500).end(JSON.stringify({ error: error instanceof Error ? error.message : '' })),
    );
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  process.env[ADDRESS_VARIABLE] = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** What the maker of this name made for the run. */
export async function demand<T>(name: string): Promise<T | undefined> {
  const address = process.env[ADDRESS_VARIABLE];
  if (address === undefined)
    throw new Error('no test servers: integration tests run through the jest configuration');
  const response = await fetch(`${address}/${name}`);
  const answer = (await response.json()) as { value?: T; error?: string };
  if (answer.error !== undefined) throw new Error(answer.error);
  return answer.value;
}
