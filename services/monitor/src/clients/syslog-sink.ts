import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import type { Sink } from '../domain/sink.ts';
import { framed, syslogMessage } from '../domain/syslog.ts';
import type { PlacedRecord } from '../domain/trail-line.ts';

export interface SyslogTarget {
  readonly host: string;
  readonly port: number;
  /** RFC 5425: the receiver's certificate must be valid for `host`. */
  readonly tls: boolean;
  /** PEM; absent: the authorities that Node knows. */
  readonly ca: string | undefined;
}

export interface SyslogTiming {
  /** A receiver that does nothing for so long, connecting included, has failed. */
  readonly idleMs: number;
  /** How long we listen, when all is written, for a receiver that hangs up without having read. */
  readonly lingerMs: number;
}

const BATCH = 5_000;
const MESSAGES_A_WRITE = 100;

/**
 * Syslog over TCP (RFC 6587) or TLS (RFC 5425). It has no acknowledgement, so each delivery has a connection of its own:
 * we close our side when all is written, and only a receiver that then closes its side as well, which it does when it
 * has read to the end, has taken it. One that closes first, resets or goes quiet has not, and is given all again.
 */
export const createSyslogSink = (
  target: SyslogTarget,
  hostname: string,
  { idleMs, lingerMs }: SyslogTiming = { idleMs: 15_000, lingerMs: 200 },
): Sink => ({
  name: 'syslog',
  batchSize: BATCH,
  async deliver(records, signal) {
    signal.throwIfAborted();
    const socket = open(target);
    const stop = () => socket.destroy(new Error('the delivery was stopped'));
    signal.addEventListener('abort', stop);
    try {
      const connection = watch(socket, idleMs);
      await Promise.race([connection.closed, send(socket, records, hostname)]);
      await Promise.race([connection.closed, delay(lingerMs)]);
      connection.end();
      await connection.closed;
    } finally {
      signal.removeEventListener('abort', stop);
      socket.destroy();
    }
  },
  close: () => Promise.resolve(),
});

function open({ host, port, tls, ca }: SyslogTarget): Socket {
  if (!tls) return connectTcp({ host, port });
  return connectTls({
    host,
    port,
    ...(isIP(host) === 0 ? { servername: host } : {}),
    ...(ca === undefined ? {} : { ca }),
    minVersion: 'TLSv1.2',
  });
}

interface Connection {
  /** Resolves when both sides have closed, we first; rejects when it went otherwise. */
  readonly closed: Promise<void>;
  readonly end: () => void;
}

function watch(socket: Socket, idleMs: number): Connection {
  let ended = false;
  socket.setTimeout(idleMs, () => socket.destroy(new Error('the receiver does not answer')));
  // What it says means nothing; read, so that its end is seen.
  socket.resume();
  const closed = new Promise<void>((resolve, reject) => {
    socket.once('end', () => {
      if (!ended) socket.destroy(new Error('the receiver closed the connection'));
    });
    socket.once('error', reject);
    socket.once('close', () => {
      if (ended && socket.writableFinished && socket.readableEnded) resolve();
      else reject(new Error('the connection broke'));
    });
  });
  return {
    closed,
    end() {
      ended = true;
      socket.end();
    },
  };
}

async function send(socket: Socket, records: readonly PlacedRecord[], hostname: string): Promise<void> {
  for (let index = 0; index < records.length; index += MESSAGES_A_WRITE) {
    const some = records.slice(index, index + MESSAGES_A_WRITE);
    await write(socket, Buffer.concat(some.map(record => framed(syslogMessage(record, hostname)))));
  }
}

/** Resolves when the system has taken it: the receiver's pace. */
const write = (socket: Socket, bytes: Buffer): Promise<void> =>
  new Promise((resolve, reject) => {
    socket.write(bytes, error => {
      if (error) reject(error);
      else resolve();
    });
  });
