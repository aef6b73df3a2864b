import { cloudEvent } from '@strongroom/contracts/cloud-event';
import { TRAIL_EXTENDED } from '@strongroom/contracts/trail-events';
import { followFeed } from '@strongroom/service/follow-feed';
import { createHttpSink } from './clients/http-sink.ts';
import { createSyslogSink } from './clients/syslog-sink.ts';
import type { MonitorContext } from './context.ts';
import type { Sink } from './domain/sink.ts';
import type { ForwardingConfig, ForwardingSecrets } from './forwarding-settings.ts';
import { startForwarder, type ForwarderOptions } from './operations/forward-trail.ts';
import { findHead } from './store/audit-events.ts';
import { findSink } from './store/trail-sinks.ts';

export interface Forwarding {
  /** Tells the replica that forwards, whichever it is, that the trail has grown. */
  announce: () => void;
  stop: () => Promise<void>;
}

type Timing = Pick<ForwarderOptions, 'pollMs' | 'restMs' | 'backoffMs'>;

/** Announcements within this time share one event. */
const QUIET_MS = 100;

/** Starts what the settings ask for; with none it does nothing. */
export async function startForwarding(
  ctx: MonitorContext,
  config: ForwardingConfig | undefined,
  secrets: Partial<ForwardingSecrets>,
  timing: Timing = {},
): Promise<Forwarding> {
  const sinks = config === undefined ? [] : createSinks(config, secrets, ctx.instance.hostname);
  if (config === undefined || sinks.length === 0) {
    return { announce: () => undefined, stop: () => Promise.resolve() };
  }
  const { metrics } = ctx;
  const taken = metrics.counter('strongroom_audit_forwarded_total', 'Audit records that a sink has taken', [
    'sink',
  ]);
  const failed = metrics.counter('strongroom_audit_forward_failures_total', 'Deliveries that failed', [
    'sink',
  ]);
  const forwarders = sinks.map(sink => {
    measureLag(ctx, sink);
    return startForwarder(ctx, sink, {
      from: config.from,
      onTaken: count => taken({ sink: sink.name }, count),
      onFailure: () => failed({ sink: sink.name }),
      ...timing,
    });
  });
  const unfollow = await followFeed(ctx, {
    name: 'trail-extended',
    types: [`monitor.${TRAIL_EXTENDED}`],
    take() {
      for (const forwarder of forwarders) forwarder.wake();
    },
    load: () => Promise.resolve(),
  });
  const bell = createBell(ctx);
  return {
    announce: bell.ring,
    async stop() {
      bell.stop();
      await unfollow();
      for (const forwarder of forwarders) await forwarder.stop();
    },
  };
}

function createSinks(
  { syslog, http }: ForwardingConfig,
  { auditHttpToken }: Partial<ForwardingSecrets>,
  hostname: string,
): Sink[] {
  return [
    ...(syslog === undefined ? [] : [createSyslogSink(syslog, hostname)]),
    ...(http === undefined ? [] : [createHttpSink(http, auditHttpToken)]),
  ];
}

function measureLag({ db, metrics }: MonitorContext, { name }: Sink): void {
  metrics.gauge(
    'strongroom_audit_forward_lag_records',
    'Audit records that a sink has not taken yet',
    async () => {
      const head = await findHead(db);
      return head - ((await findSink(db, name)) ?? head);
    },
    { sink: name },
  );
}

function createBell({ bus, log, newId, now }: MonitorContext): { ring: () => void; stop: () => void } {
  let timer: NodeJS.Timeout | undefined;
  return {
    ring() {
      timer ??= setTimeout(() => {
        timer = undefined;
        bus.publish([cloudEvent('monitor', TRAIL_EXTENDED, newId(), now(), {})]).catch((error: unknown) => {
          // The forwarders poll.
          log.debug('the growth of the trail was not announced', {
            reason: error instanceof Error ? error.message : 'unknown',
          });
        });
      }, QUIET_MS);
    },
    stop() {
      clearTimeout(timer);
    },
  };
}
