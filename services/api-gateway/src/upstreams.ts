import type { Logger } from '@strongroom/log/logger';
import { silentMetrics, type Metrics } from '@strongroom/metrics/metrics';
import { choose, HEALTHS } from './balance.ts';
import type { GatewayConfig } from './config.ts';
import {
  discover,
  resolveBySystem,
  type Discovery,
  type DiscoveryOptions,
  type Resolve,
} from './discovery.ts';
import { ask, type Replica } from './replica.ts';
import { createRetryBudget, type RetryBudget } from './retry-budget.ts';
import { UPSTREAM_NAMES, type UpstreamName } from './routes.ts';

/** A service behind the gateway: one name, any number of replicas. */
export interface Upstream {
  readonly name: UpstreamName;
  readonly discovery: Discovery;
  readonly retries: RetryBudget;
  readonly count: (outcome: Outcome) => void;
  /** Proxied requests under way. */
  inFlight: number;
  /** Choices of replicas made. */
  turns: number;
}

/** How a try ended. `retried`: it failed, and another one followed; the request itself is counted by that. */
export type Outcome =
  'answered' | 'retried' | 'unreachable' | 'broken' | 'timed-out' | 'overloaded' | 'refused' | 'client-gone';

export type Upstreams = Readonly<Record<UpstreamName, Upstream>>;

export interface UpstreamDependencies {
  readonly log: Logger;
  readonly metrics?: Metrics;
  /** Tests bring their own names, and less patience. */
  readonly resolve?: Resolve;
  readonly timing?: DiscoveryOptions['timing'];
}

export function openUpstreams(
  config: Pick<GatewayConfig, 'upstreams' | 'upstreamTimeoutMs'>,
  { log, metrics = silentMetrics, resolve = resolveBySystem, timing }: UpstreamDependencies,
): Upstreams {
  const count = metrics.counter(
    'strongroom_gateway_upstream_requests_total',
    'Tries to pass a request on, by service and how they ended',
    ['upstream', 'outcome'],
  );
  const open = (name: UpstreamName): Upstream => {
    const discovery = discover({
      origin: config.upstreams[name],
      timeoutMs: config.upstreamTimeoutMs,
      resolve,
      log: log.with({ upstream: name }),
      ...(timing === undefined ? {} : { timing }),
    });
    for (const state of HEALTHS) {
      metrics.gauge(
        'strongroom_gateway_upstream_replicas',
        'Replicas known by service and state',
        () => discovery.replicas().filter(({ health }) => health === state).length,
        { upstream: name, state },
      );
    }
    return {
      name,
      discovery,
      retries: createRetryBudget(),
      count: outcome => count({ upstream: name, outcome }),
      inFlight: 0,
      turns: 0,
    };
  };
  return Object.fromEntries(UPSTREAM_NAMES.map(name => [name, open(name)])) as Record<UpstreamName, Upstream>;
}

/** Takes a place at the replica that should get the next request; `leaveReplica` gives it back. */
export function takeReplica(
  upstream: Upstream,
  isEligible?: (replica: Replica) => boolean,
): Replica | undefined {
  const replica = choose(upstream.discovery.replicas(), isEligible);
  if (replica === undefined) return undefined;
  replica.outstanding += 1;
  replica.turn = upstream.turns += 1;
  return replica;
}

export function leaveReplica(replica: Replica): void {
  replica.outstanding -= 1;
}

/** Asks the replica that is best off. Rejects when there is none, or it does not answer. */
export async function askUpstream(
  upstream: Upstream,
  path: string,
): Promise<{ status: number; body: string }> {
  const replica = choose(upstream.discovery.replicas());
  if (replica === undefined) throw new Error(`no replica of ${upstream.name} is known`);
  return ask(replica, path);
}

/** Resolves when every name was asked once, or after a moment without an answer. */
export async function firstFindings(upstreams: Upstreams, deadlineMs = 2_000): Promise<void> {
  const found = Promise.all(UPSTREAM_NAMES.map(name => upstreams[name].discovery.began));
  let timer: NodeJS.Timeout | undefined;
  await Promise.race([found, new Promise(resolve => (timer = setTimeout(resolve, deadlineMs)))]);
  clearTimeout(timer);
}

export async function closeUpstreams(upstreams: Upstreams): Promise<void> {
  await Promise.all(UPSTREAM_NAMES.map(name => upstreams[name].discovery.close()));
}
