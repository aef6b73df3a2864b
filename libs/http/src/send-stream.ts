import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Request, Response } from 'express';
import type { Reply } from './route.ts';

/**
 * Sends pieces while they are made, and asks for the next one when the client has taken the last. Rejects with what
 * they reject with; once the head is out, the connection is cut as well. A client that goes away is no error.
 */
export async function sendStream(
  request: Request,
  response: Response,
  status: number,
  { headers }: Reply,
  { type, pieces: iterable }: NonNullable<Reply['stream']>,
): Promise<void> {
  const pieces = iterable[Symbol.asyncIterator]();
  // While nothing is sent, a failure still has a status.
  let next = await pieces.next();
  response.statusCode = status;
  for (const name in headers) response.setHeader(name, headers[name] ?? '');
  response.setHeader('content-type', type);
  if (request.method === 'HEAD') {
    await pieces.return?.();
    response.end();
    return;
  }

  let failure: { cause: unknown } | undefined;
  const advance = async () => {
    try {
      next = await pieces.next();
    } catch (cause) {
      failure = { cause };
      throw cause;
    }
  };
  async function* rest(): AsyncGenerator<string | Uint8Array> {
    try {
      while (next.done !== true) {
        yield next.value;
        await advance();
      }
    } finally {
      await pieces.return?.();
    }
  }
  await pipeline(Readable.from(rest(), { objectMode: false }), response).catch(() => {
    // Without a failure of its own, the pieces ended because the client went away.
    if (failure !== undefined) throw failure.cause;
  });
}
