import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import type { Logger } from '@strongroom/log/logger';
import { isWorse, type Health } from './balance.ts';
import { repeat, type Repetition } from './repeat.ts';
import { askHealth, openReplica, type Replica } from './replica.ts';

/** All addresses behind a name. */
export type Resolve = (hostname: string) => Promise<readonly string[]>;

/**
 * By the system's resolver, so that /etc/hosts and search domains count. It keeps no answer: the TTL that the
 * resolver of a container network states (600 s with Docker) says nothing of how soon its answers change.
 */
export const resolveBySystem: Resolve = async hostname =>
  (await lookup(hostname, { all: true })).map(({ address }) => address);

export interface DiscoveryOptions {
  readonly origin: string;
  readonly timeoutMs: number;
  readonly resolve: Resolve;
  readonly log: Logger;
  readonly timing?: { readonly steadyMs: number; readonly unsteadyMs: number };
}

/** The replicas of one service, kept up to date. */
export interface Discovery {
  readonly replicas: () => readonly Replica[];
  /** Settles when the name was asked for the first time, whatever came of it. */
  readonly began: Promise<void>;
  /** A connection to `replica` failed or broke: it is `health` at best until it has been asked. */
  doubt: (replica: Replica, health: Health) => void;
  /** Asks the name again at once. */
  hurry: () => void;
  close: () => Promise<void>;
}

/** Steady: names and health are asked once a second. Unsteady: while something is amiss. */
const TIMING = { steadyMs: 1_000, unsteadyMs: 250 };

export function discover(options: DiscoveryOptions): Discovery {
  const hostname = new URL(options.origin).hostname.replace(/^\[|\]$/g, '');
  return isIP(hostname) === 0 ? followName(hostname, options) : atAddress(hostname, options);
}

/** An address stands for one replica for ever: there is nothing to find and nothing to choose. */
function atAddress(address: string, { origin, timeoutMs }: DiscoveryOptions): Discovery {
  const replica = openReplica(origin, address, timeoutMs);
  replica.health = 'ready';
  return {
    replicas: () => [replica],
    began: Promise.resolve(),
    doubt: () => undefined,
    hurry: () => undefined,
    close: () => destroy(replica),
  };
}

function followName(hostname: string, options: DiscoveryOptions): Discovery {
  const { origin, timeoutMs, resolve, log, timing = TIMING } = options;
  const watched = new Map<string, { replica: Replica; watch: Repetition }>();
  const retired = new Set<Replica>();
  let replicas: readonly Replica[] = [];
  let isResolved = true;
  let begin: () => void = () => undefined;
  const began = new Promise<void>(settle => (begin = settle));

  const note = (replica: Replica, health: Health) => {
    if (replica.health === health) return;
    log.info('replica changed', { replica: replica.address, was: replica.health, is: health });
    replica.health = health;
  };

  const join = (address: string) => {
    const replica = openReplica(origin, address, timeoutMs);
    const watch = repeat(
      async () => note(replica, await askHealth(replica)),
      () => (replica.health === 'ready' ? timing.steadyMs : timing.unsteadyMs),
    );
    watched.set(address, { replica, watch });
    log.info('replica joined', { replica: address });
  };

  /** Requests under way are answered yet; then its connections close. */
  const retire = (address: string, { replica, watch }: { replica: Replica; watch: Repetition }) => {
    watch.stop();
    watched.delete(address);
    retired.add(replica);
    log.info('replica left', { replica: address });
    void Promise.all([replica.pool.close(), replica.fresh.close()])
      .catch((error: unknown) => log.warn('connections to a replica did not close', { error: String(error) }))
      .finally(() => retired.delete(replica));
  };

  const find = async () => {
    const addresses = await resolve(hostname).catch((): readonly string[] => []);
    if (isResolved !== addresses.length > 0) {
      isResolved = !isResolved;
      if (isResolved) log.info('name resolves', {});
      else log.warn('name does not resolve: the replicas last known are kept', {});
    }
    // No answer is a fault of the resolver as often as the end of a service, and trying costs little.
    if (addresses.length > 0) {
      for (const [address, entry] of [...watched]) if (!addresses.includes(address)) retire(address, entry);
      for (const address of addresses) if (!watched.has(address)) join(address);
      replicas = [...watched.values()].map(({ replica }) => replica);
    }
    begin();
  };
  const finder = repeat(find, () =>
    isResolved && replicas.every(({ health }) => health === 'ready') ? timing.steadyMs : timing.unsteadyMs,
  );

  return {
    replicas: () => replicas,
    began,
    doubt(replica, health) {
      if (isWorse(health, replica.health)) note(replica, health);
      watched.get(replica.address)?.watch.soon();
      finder.soon();
    },
    hurry: finder.soon,
    async close() {
      finder.stop();
      for (const { watch } of watched.values()) watch.stop();
      await Promise.all([...replicas, ...retired].map(destroy));
    },
  };
}

async function destroy({ pool, fresh }: Replica): Promise<void> {
  await Promise.all([pool.destroy(), fresh.destroy()]);
}
