/** The part of BER that LDAP uses (RFC 4511, 5.1): tags of one byte and definite lengths. */

export const TAG = {
  boolean: 0x01,
  integer: 0x02,
  octets: 0x04,
  enumerated: 0x0a,
  sequence: 0x30,
  set: 0x31,
} as const;

/** What came is no BER, or not what LDAP says. */
export class Malformed extends Error {
  override readonly name = 'Malformed';
}

export function encode(tag: number, ...parts: readonly Buffer[]): Buffer {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  return Buffer.concat([Buffer.from([tag, ...encodeLength(length)]), ...parts]);
}

function encodeLength(length: number): number[] {
  if (length < 0x80) return [length];
  const bytes = bytesOf(length);
  return [0x80 | bytes.length, ...bytes];
}

/** Big-endian, without leading zeros. */
function bytesOf(value: number): number[] {
  const bytes: number[] = [];
  for (let rest = value; rest > 0; rest = Math.floor(rest / 0x100)) bytes.unshift(rest % 0x100);
  return bytes;
}

export const encodeText = (value: string | Buffer, tag: number = TAG.octets): Buffer =>
  encode(tag, typeof value === 'string' ? Buffer.from(value) : value);

/** From 0 to 2^31 - 1: LDAP's own bounds of whatever this client counts. */
export function encodeInteger(value: number, tag: number = TAG.integer): Buffer {
  const bytes = bytesOf(value);
  // A first bit that is set would make it negative.
  return encode(tag, Buffer.from((bytes[0] ?? 0x80) >= 0x80 ? [0, ...bytes] : bytes));
}

export const encodeBoolean = (value: boolean, tag: number = TAG.boolean): Buffer =>
  encode(tag, Buffer.from([value ? 0xff : 0]));

export interface Element {
  readonly tag: number;
  readonly content: Buffer;
}

interface Header {
  readonly headerLength: number;
  readonly length: number;
}

/** Undefined: its end has not come yet. */
export function readHeader(buffer: Buffer): Header | undefined {
  const first = buffer[1];
  if (first === undefined) return undefined;
  if (first < 0x80) return { headerLength: 2, length: first };
  const count = first & 0x7f;
  if (count === 0 || count > 4) throw new Malformed('a length of an unknown form');
  if (buffer.length < 2 + count) return undefined;
  return { headerLength: 2 + count, length: buffer.readUIntBE(2, count) };
}

/** The elements that a value consists of. */
export function readElements(content: Buffer): Element[] {
  const found: Element[] = [];
  for (let rest = content; rest.length > 0;) {
    const header = readHeader(rest);
    const end = header === undefined ? Infinity : header.headerLength + header.length;
    if (header === undefined || end > rest.length) throw new Malformed('an element is cut off');
    found.push({ tag: rest[0] ?? 0, content: rest.subarray(header.headerLength, end) });
    rest = rest.subarray(end);
  }
  return found;
}

export function requireTag(element: Element | undefined, tag: number): Buffer {
  if (element?.tag !== tag) throw new Malformed('an element of another kind');
  return element.content;
}

export function readInteger(content: Buffer): number {
  if (content.length === 0 || content.length > 4) throw new Malformed('an integer out of bounds');
  return content.readIntBE(0, content.length);
}
