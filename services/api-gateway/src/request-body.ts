import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';

/** Bytes that a request says will follow its head; `chunked` when it does not say. */
export type BodyLength = number | 'chunked';

/** Undefined for a transfer coding other than chunked, which no service could undo. */
export function bodyLength({ headers }: IncomingMessage): BodyLength | undefined {
  const coding = headers['transfer-encoding'];
  if (coding !== undefined) return coding.toLowerCase() === 'chunked' ? 'chunked' : undefined;
  return Number(headers['content-length'] ?? 0);
}

export class BodyTooLarge extends Error {
  override readonly name = 'BodyTooLarge';
}

/**
 * The request's body as a stream of its own, which fails once more than `maxBytes` have come. Destroying
 * it leaves the request alive and lets the rest run out unread, so that the client can still be answered.
 */
export function meteredBody(request: IncomingMessage, maxBytes: number): Readable {
  let received = 0;
  const body = new Readable({
    read: () => void request.resume(),
    destroy(error, done) {
      request.resume();
      done(error);
    },
  });
  request.on('data', (chunk: Buffer) => {
    received += chunk.length;
    if (body.destroyed) return;
    if (received > maxBytes) body.destroy(new BodyTooLarge());
    else if (!body.push(chunk)) request.pause();
  });
  request.on('end', () => {
    if (!body.destroyed) body.push(null);
  });
  // Whoever reads the body learns of the error; without a listener of its own it would end the process.
  body.on('error', () => undefined);
  return body;
}

/** Up to this size a body is gathered and sent on in one piece, which spares two streams a request. */
export const GATHER_MAX_BYTES = 64 * 1024;

/** Calls back with the whole body once it is there; not at all when the client breaks off before. */
export function gatherBody(request: IncomingMessage, done: (body: Buffer) => void): void {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.once('end', () => done(Buffer.concat(chunks)));
}
