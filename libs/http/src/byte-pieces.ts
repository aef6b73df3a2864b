import { badRequest, tooLarge } from '@strongroom/errors/common-errors';

type Pieces = AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

/** The same bytes; fails as soon as they are more than that. `what` names them, e.g. `A file`. */
export async function* atMost(
  pieces: Pieces,
  maxBytes: number,
  what: string,
): AsyncGenerator<Uint8Array, void, undefined> {
  let size = 0;
  for await (const piece of pieces) {
    size += piece.length;
    if (size > maxBytes) throw tooLarge(`${what} must have at most ${maxBytes} bytes`);
    yield piece;
  }
}

/** All of them as text; 400 when they are none. */
export async function textOf(pieces: Pieces): Promise<string> {
  const held: Uint8Array[] = [];
  for await (const piece of pieces) held.push(piece);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(held));
  } catch (error) {
    throw badRequest('The request body is not UTF-8', error);
  }
}
