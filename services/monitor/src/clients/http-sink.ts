import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { Agent, request } from 'undici';
import type { Sink } from '../domain/sink.ts';
import { trailLine } from '../domain/trail-line.ts';

export interface HttpTarget {
  readonly url: string;
  /** PEM; absent: the authorities that Node knows. */
  readonly ca: string | undefined;
  readonly gzip: boolean;
}

const BATCH = 500;
const CONNECT_MS = 10_000;

const compress = promisify(gzip);

/**
 * POSTs records as JSON lines, one request after the other. Any 2xx means that the receiver has taken them. No other
 * answer does, and a redirect is not followed: the token is for this address alone.
 */
export function createHttpSink(target: HttpTarget, token: string | undefined, deadlineMs = 30_000): Sink {
  const agent = new Agent({
    connections: 1,
    connect: { timeout: CONNECT_MS, ...(target.ca === undefined ? {} : { ca: target.ca }) },
  });
  const headers = {
    'content-type': 'application/x-ndjson',
    ...(target.gzip ? { 'content-encoding': 'gzip' } : {}),
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
  };
  return {
    name: 'http',
    batchSize: BATCH,
    async deliver(records, signal) {
      const text = records.map(record => `${trailLine(record)}\n`).join('');
      const { statusCode, body } = await request(target.url, {
        method: 'POST',
        headers,
        body: target.gzip ? await compress(text) : text,
        dispatcher: agent,
        signal: AbortSignal.any([signal, AbortSignal.timeout(deadlineMs)]),
      });
      await body.dump();
      if (statusCode < 200 || statusCode > 299) throw new Error(`the receiver answered ${statusCode}`);
    },
    close: () => agent.destroy(),
  };
}
