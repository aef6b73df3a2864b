import { Malformed, readHeader, TAG, type Element } from './ldap-ber.ts';

export interface Framing {
  /** The messages that are complete with this chunk. Throws Malformed. */
  take: (chunk: Buffer) => Element[];
  /** The beginning of a message has come, and its end has not. */
  isMidway: () => boolean;
}

/**
 * Cuts what comes over a connection into messages. Chunks are joined when a message is complete and not before: joined
 * one by one they would be copied over and over when they are small.
 */
export function createFraming(maxBytes: number): Framing {
  let chunks: Buffer[] = [];
  let size = 0;
  /** With fewer bytes there is nothing to be seen. */
  let wanted = 2;

  return {
    take(chunk) {
      chunks.push(chunk);
      size += chunk.length;
      if (size < wanted) return [];
      let rest = chunks.length === 1 ? chunk : Buffer.concat(chunks);
      const found: Element[] = [];
      for (;;) {
        if (rest.length > 0 && rest[0] !== TAG.sequence) throw new Malformed('no message');
        const header = readHeader(rest);
        const end = header === undefined ? rest.length + 1 : header.headerLength + header.length;
        if (end > maxBytes && header !== undefined) throw new Malformed('a message without an end');
        wanted = Math.max(2, end);
        if (header === undefined || end > rest.length) break;
        found.push({ tag: TAG.sequence, content: rest.subarray(header.headerLength, end) });
        rest = rest.subarray(end);
      }
      chunks = rest.length === 0 ? [] : [rest];
      size = rest.length;
      return found;
    },
    isMidway: () => size > 0,
  };
}
