import { badRequest } from '@strongroom/errors/common-errors';

/** A part of a multipart/form-data body (RFC 7578). */
export interface FormPart {
  readonly name: string;
  /** Undefined: a field, not a file. */
  readonly fileName: string | undefined;
  /** As the client stated it; empty when it did not. */
  readonly mediaType: string;
  /** While it arrives, once. What is left of it is passed over when the next part is asked for. */
  readonly content: AsyncIterable<Uint8Array>;
}

const MAX_HEADER_BYTES = 8_192;
const MAX_PARTS = 32;

/** The boundary of a multipart/form-data content type; undefined: it is another one. */
export function boundaryOf(contentType: string): string | undefined {
  if (!/^\s*multipart\/form-data\s*;/i.test(contentType)) return undefined;
  const [, quoted, token] = /;\s*boundary=(?:"([^"]{1,70})"|([^\s;"]{1,70}))/i.exec(contentType) ?? [];
  const boundary = quoted ?? token;
  if (boundary === undefined) throw badRequest('The content type has no usable boundary');
  return boundary;
}

/** The parts of a body at the reader's pace, holding no more of it than a chunk. 400 when it is not what it should be. */
export async function* formParts(
  boundary: string,
  bytes: AsyncIterable<Uint8Array>,
): AsyncGenerator<FormPart, void, undefined> {
  const body = bytes[Symbol.asyncIterator]();
  const delimiter = Buffer.from(`\r\n--${boundary}`, 'latin1');
  // The first delimiter may be the first of the body, where no line ends before it.
  let held: Buffer = Buffer.from('\r\n');

  async function more(): Promise<void> {
    const next = await body.next();
    if (next.done === true) throw badRequest('The multipart body breaks off');
    held = Buffer.concat([held, next.value]);
  }

  /** What comes before the next delimiter, which is taken away. */
  async function* upToDelimiter(): AsyncGenerator<Uint8Array, void, undefined> {
    for (;;) {
      const end = held.indexOf(delimiter);
      const sure = end === -1 ? held.length - delimiter.length + 1 : end;
      if (sure > 0) {
        const piece = held.subarray(0, sure);
        held = held.subarray(sure);
        yield piece;
      }
      if (end !== -1) {
        held = held.subarray(delimiter.length);
        return;
      }
      await more();
    }
  }

  /** The lines between a delimiter and the content; undefined: it was the last delimiter. */
  async function headers(): Promise<string | undefined> {
    while (held.length < 2) await more();
    if (held.toString('latin1', 0, 2) === '--') return undefined;
    for (;;) {
      const end = held.indexOf('\r\n\r\n');
      if (end > MAX_HEADER_BYTES || (end === -1 && held.length > MAX_HEADER_BYTES)) {
        throw badRequest('The head of a part is too large');
      }
      if (end !== -1) {
        const text = held.toString('utf8', 0, end);
        // The blank line's own end stays: in an empty part, the delimiter begins with it.
        held = held.subarray(end + 2);
        return text;
      }
      await more();
    }
  }

  try {
    await drain(upToDelimiter());
    for (let count = 0; ; count += 1) {
      const head = await headers();
      if (head === undefined) return;
      if (count === MAX_PARTS) throw badRequest('The multipart body has too many parts');
      const content = withoutFirst(2, upToDelimiter());
      yield { ...described(head), content };
      await drain(content);
    }
  } finally {
    await body.return?.();
  }
}

async function* withoutFirst(
  count: number,
  pieces: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  let left = count;
  for await (const piece of pieces) {
    const skipped = Math.min(left, piece.length);
    left -= skipped;
    if (piece.length > skipped) yield piece.subarray(skipped);
  }
}

async function drain(pieces: AsyncIterable<Uint8Array>): Promise<void> {
  const left = pieces[Symbol.asyncIterator]();
  while ((await left.next()).done !== true);
}

function described(head: string): Omit<FormPart, 'content'> {
  const header = (name: string) => new RegExp(`^${name}:[ \\t]*(.*)$`, 'im').exec(head)?.[1]?.trim() ?? '';
  const disposition = header('content-disposition');
  const parameters = new Map<string, string>();
  for (const [, name = '', quoted, token] of disposition.matchAll(
    /;\s*([\w*]+)=(?:"((?:[^"\\]|\\.)*)"|([^;\s]*))/g,
  )) {
    parameters.set(name.toLowerCase(), quoted?.replace(/\\(["\\])/g, '$1') ?? token ?? '');
  }
  return {
    name: parameters.get('name') ?? '',
    fileName: extended(parameters.get('filename*')) ?? parameters.get('filename'),
    mediaType: header('content-type'),
  };
}

/** RFC 8187, which some clients use for names beyond ASCII. */
function extended(value: string | undefined): string | undefined {
  const [, encoded] = /^utf-8'[^']*'(.*)$/i.exec(value ?? '') ?? [];
  if (encoded === undefined) return undefined;
  try {
    return decodeURIComponent(encoded);
  } catch {
    throw badRequest('A file name is not well encoded');
  }
}
