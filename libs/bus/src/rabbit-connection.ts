import { setTimeout as delay } from 'node:timers/promises';
import { connect, type ChannelModel, type Options } from 'amqplib';
import type { Logger } from '@strongroom/log/logger';

export interface BrokerAddress {
  /** `amqp://user@host:port/vhost` or `amqps:`; several, separated by commas, are taken in turns. */
  url: string;
  /** Absent: the one in the url. */
  password?: string;
  /** PEM text of the CA of a broker that speaks TLS. Absent: those of the system. */
  ca?: string;
}

export interface Connection {
  readonly model: ChannelModel;
  readonly number: number;
  readonly lost: AbortSignal;
  /** Ends it without asking the broker, which may be frozen. */
  destroy: () => void;
}

export interface KeptConnection {
  /** Undefined while the broker is away. */
  readonly current: Connection | undefined;
  /** Resolves after the first attempt, whatever came of it. */
  firstAttempt: Promise<void>;
  close: () => Promise<void>;
}

export interface ConnectionHandlers {
  /** Makes a new connection ready; it is `current` when this resolves, and given up when it rejects. */
  setUp: (connection: Connection) => Promise<void>;
  onUp: (connection: Connection) => void;
  onDown: () => void;
}

/** A broker that says nothing for two to three of these is gone. */
const HEARTBEAT_SECONDS = 3;
const CONNECT_DEADLINE_MS = 5_000;
const SET_UP_DEADLINE_MS = 15_000;
const CLOSE_DEADLINE_MS = 2_000;
const MIN_BACKOFF_MS = 50;
const MAX_BACKOFF_MS = 2_000;

/** Connects, and again whenever the connection is lost, until it is closed. */
export function keepConnected(
  address: BrokerAddress,
  handlers: ConnectionHandlers,
  log: Logger,
): KeptConnection {
  const urls = address.url.split(',');
  const ending = new AbortController();
  let current: Connection | undefined;
  let attempts = 0;

  /** Resolves when a connection stands; `lost` resolves when it is lost. */
  async function attempt(): Promise<{ lost: Promise<void> }> {
    attempts += 1;
    const model = await connect(targetOf(urls[attempts % urls.length] ?? '', address.password), {
      timeout: CONNECT_DEADLINE_MS,
      keepAlive: true,
      keepAliveDelay: 10_000,
      noDelay: true,
      ...(address.ca === undefined ? {} : { ca: address.ca }),
    });
    const losing = new AbortController();
    const connection: Connection = {
      model,
      number: attempts,
      lost: losing.signal,
      destroy: () => destroy(model),
    };
    // Its reason is told by 'close'; without a listener it would end the process.
    model.on('error', () => undefined);
    const lost = new Promise<void>(resolve => {
      model.once('close', (error?: Error) => {
        if (current === connection) current = undefined;
        losing.abort();
        // The library ends the socket, which a frozen network never answers.
        destroy(model);
        if (error !== undefined && !ending.signal.aborted) {
          log.warn('the connection to the broker was lost', { reason: error.message });
        }
        resolve();
      });
    });
    try {
      await withDeadline(handlers.setUp(connection), SET_UP_DEADLINE_MS);
    } catch (error) {
      destroy(model);
      throw error;
    }
    // Lost while it was set up, though nothing failed.
    if (losing.signal.aborted) throw new Error('the connection was lost at once');
    current = connection;
    handlers.onUp(connection);
    return { lost };
  }

  async function keep(onFirst: () => void): Promise<void> {
    for (let failures = 0; !ending.signal.aborted;) {
      try {
        const { lost } = await attempt();
        if (failures > 0) log.info('connected to the broker', { failures });
        failures = 0;
        onFirst();
        await lost;
        handlers.onDown();
      } catch (error) {
        failures += 1;
        // Once per outage: each attempt would say the same.
        if (failures === 1) log.error('the broker cannot be reached; trying on', error);
        onFirst();
      }
      const backoff = Math.min(MIN_BACKOFF_MS * 2 ** failures, MAX_BACKOFF_MS);
      // Replicas that lost it together do not come back together.
      await delay(backoff * (0.5 + Math.random() / 2), undefined, { signal: ending.signal }).catch(
        () => undefined,
      );
    }
  }

  let kept: Promise<void> = Promise.resolve();
  const firstAttempt = new Promise<void>(resolve => {
    kept = keep(resolve);
  });
  return {
    get current() {
      return current;
    },
    firstAttempt,
    async close() {
      ending.abort();
      const last = current;
      if (last !== undefined) {
        await withDeadline(last.model.close(), CLOSE_DEADLINE_MS).catch(() => last.destroy());
      }
      await kept;
    },
  };
}

function targetOf(text: string, password: string | undefined): Options.Connect {
  const url = new URL(text.trim());
  return {
    protocol: url.protocol.slice(0, -1),
    hostname: url.hostname.replace(/^\[|\]$/g, ''),
    ...(url.port === '' ? {} : { port: Number(url.port) }),
    username: decodeURIComponent(url.username),
    password: password ?? decodeURIComponent(url.password),
    vhost: url.pathname.slice(1),
    heartbeat: HEARTBEAT_SECONDS,
  };
}

/** Through what the library does not show: its own ways wait for an answer of the broker. */
function destroy(model: ChannelModel): void {
  const { stream } = model.connection as { stream?: { destroy?: (error?: Error) => void } };
  // Without an error the library would not notice.
  stream?.destroy?.(new Error('given up'));
}

export async function withDeadline<T>(work: Promise<T>, deadlineMs: number): Promise<T> {
  const waiting = new AbortController();
  const late = delay(deadlineMs, undefined, { signal: waiting.signal }).then(
    () => {
      throw new Error(`the broker did not answer within ${deadlineMs} ms`);
    },
    () => new Promise<never>(() => undefined),
  );
  try {
    return await Promise.race([work, late]);
  } finally {
    waiting.abort();
  }
}
