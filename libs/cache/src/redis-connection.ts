import { Redis } from 'ioredis';
import type { Logger } from '@strongroom/log/logger';

export interface RedisConnectionOptions {
  /** `redis://host:port` or `rediss://…`, also with a user and a number of a database. */
  url: string;
  password?: string | undefined;
  /** PEM text of the authority that signed the server's certificate, for `rediss:`; absent: the public ones. */
  ca?: string | undefined;
  log: Logger;
}

/** A connection that nobody has to wait for. */
export interface RedisConnection {
  isAvailable: () => boolean;
  /** Resolves when the first attempt to connect came to something, or took too long. */
  attempted: Promise<void>;
  /** The answer; undefined when there is none in time. Never rejects. */
  ask: <T>(command: (redis: Redis) => Promise<T>) => Promise<T | undefined>;
  close: () => Promise<void>;
}

/** A frozen Redis holds those requests this long that asked it before the first of them gave up. */
const DEADLINE_MS = 250;
/** How often a Redis that is away is looked for. */
const PROBE_MS = 1_000;
const CONNECT_TIMEOUT_MS = 1_000;
const MAX_BACKOFF_MS = 2_000;
const PROBE = "return redis.call('SET', KEYS[1], '1', 'PX', ARGV[1])";

/**
 * Connects in the background and for ever. After a failure the cache counts as away, and nobody asks it until a
 * probe was answered: a write, since a replica that may not write or a full memory is of no use either.
 */
export function openRedisConnection({ url, password, ca, log }: RedisConnectionOptions): RedisConnection {
  const redis = new Redis(url, {
    ...(password === undefined ? {} : { password }),
    ...(ca === undefined ? {} : { tls: { ca } }),
    keyPrefix: 'strongroom:',
    connectionName: 'strongroom',
    connectTimeout: CONNECT_TIMEOUT_MS,
    // Bounds what ioredis sends by itself when it connects.
    commandTimeout: CONNECT_TIMEOUT_MS,
    retryStrategy: attempt => Math.min(50 * 2 ** attempt, MAX_BACKOFF_MS),
    maxRetriesPerRequest: 0,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    enableAutoPipelining: true,
  });
  let isAvailable = false;
  let isOutageTold = false;
  let probing: Promise<void> | undefined;
  let closed = false;
  let settle: () => void = () => undefined;
  const attempted = new Promise<void>(resolve => {
    settle = resolve;
    setTimeout(resolve, CONNECT_TIMEOUT_MS).unref();
  });

  function lose(reason: string): void {
    settle();
    isAvailable = false;
    if (isOutageTold || closed) return;
    isOutageTold = true;
    log.warn('the cache is away: this replica goes on by itself', { reason });
  }

  function regain(): void {
    isAvailable = true;
    settle();
    if (isOutageTold) log.info('the cache is back');
    isOutageTold = false;
  }

  async function probe(): Promise<void> {
    if (redis.status !== 'ready') return;
    try {
      await inTime(redis.eval(PROBE, 1, 'probe', PROBE_MS));
      regain();
    } catch (error) {
      lose(reasonOf(error));
      // A connection that answers nothing may be dead without anybody having said so.
      if (error instanceof TooLate && !closed) redis.disconnect(true);
    }
  }
  const look = () => {
    if (isAvailable || closed) return;
    probing ??= probe().finally(() => (probing = undefined));
  };
  const timer = setInterval(look, PROBE_MS).unref();
  redis.on('ready', look);
  redis.on('error', error => lose(reasonOf(error)));
  redis.on('close', () => lose('the connection was closed'));

  return {
    isAvailable: () => isAvailable,
    attempted,
    async ask(command) {
      if (!isAvailable) return undefined;
      try {
        return await inTime(command(redis));
      } catch (error) {
        lose(reasonOf(error));
        return undefined;
      }
    },
    async close() {
      closed = true;
      isAvailable = false;
      clearInterval(timer);
      redis.disconnect();
      await probing;
    },
  };
}

class TooLate extends Error {
  override readonly name = 'TooLate';
}

function inTime<T>(answer: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new TooLate('no answer in time')), DEADLINE_MS);
    answer.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

/** A code such as ECONNREFUSED or WRONGPASS, else the kind of error: messages of Redis may quote a command. */
function reasonOf(error: unknown): string {
  if (error instanceof TooLate) return error.message;
  const { code, message, name } = Object(error) as { code?: unknown; message?: unknown; name?: unknown };
  if (typeof code === 'string') return code;
  const redisCode = typeof message === 'string' ? /^[A-Z]{4,}(?= )/.exec(message)?.[0] : undefined;
  return redisCode ?? (typeof name === 'string' ? name : 'unknown');
}
