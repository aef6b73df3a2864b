import type { Request } from 'express';
import { badRequest, tooLarge } from '@strongroom/errors/common-errors';
import { Type } from '@strongroom/schema/types';

/** A request's body while it arrives. */
export interface BodyStream {
  /** As the client stated it; empty when it did not. */
  readonly mediaType: string;
  /** Undefined when the client did not state it. */
  readonly length: number | undefined;
  /**
   * The bytes at the reader's pace, once. Fails with 413 as soon as there are too many, and with 400 when the client
   * breaks off, so that half a body never looks whole.
   */
  readonly bytes: AsyncIterable<Uint8Array>;
}

/** The `body` of a route with `bodyType: 'stream'`: any bytes, at most so many. */
export const ByteStream = (maxBytes: number) =>
  Type.Unsafe<BodyStream>({ type: 'string', format: 'binary', maxLength: maxBytes });

/** Refuses at once what is known beforehand to be too large. */
export function openBodyStream(request: Request, maxBytes: number): BodyStream {
  const coding = request.headers['content-encoding'];
  if (coding !== undefined && coding.toLowerCase() !== 'identity') {
    throw badRequest('The request body must not have a content coding');
  }
  const declared = request.headers['content-length'];
  const length = declared === undefined ? undefined : Number(declared);
  if (length !== undefined && length > maxBytes) throw bodyTooLarge(maxBytes);
  return {
    mediaType: request.headers['content-type'] ?? '',
    length,
    bytes: bytesOf(request, maxBytes),
  };
}

async function* bytesOf(request: Request, maxBytes: number): AsyncGenerator<Uint8Array, void, undefined> {
  // Whoever stops reading still has to answer, over the connection that destroying the request would close.
  const chunks: AsyncIterator<Uint8Array, undefined> = request.iterator({ destroyOnReturn: false });
  let received = 0;
  try {
    for (;;) {
      const { done, value } = await chunks.next().catch((error: unknown) => {
        throw badRequest('The request body broke off', error);
      });
      if (done === true) return;
      received += value.length;
      if (received > maxBytes) throw bodyTooLarge(maxBytes);
      yield value;
    }
  } finally {
    await chunks.return?.();
    // What was left runs out unread: a client that is still sending reads no answer. The server's `requestTimeout`
    // bounds how long. (A body that nobody has begun to read node:http drops by itself.)
    request.resume();
  }
}

const bodyTooLarge = (maxBytes: number) => tooLarge(`The request body must have at most ${maxBytes} bytes`);
