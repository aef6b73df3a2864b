/** One attribute of a distinguished name; the type in small letters. */
export interface NameAttribute {
  readonly type: string;
  readonly value: string;
}

const TYPE = /^(?:[a-z][a-z0-9-]*|\d+(?:\.\d+)*)$/i;
const SPECIAL = ' "#+,;<=>\\';

export const isAttributeType = (text: string): boolean => TYPE.test(text);

/**
 * Reads a distinguished name in its text form (RFC 4514). Undefined: it is not one, or has a value in hexadecimal
 * BER, which nobody needs for a user name.
 */
export function parseDistinguishedName(text: string): NameAttribute[] | undefined {
  const attributes: NameAttribute[] = [];
  let rest = text;
  for (;;) {
    const equals = rest.indexOf('=');
    if (equals === -1) return undefined;
    const type = rest.slice(0, equals).trim();
    const read = readValue(rest.slice(equals + 1));
    if (!TYPE.test(type) || read === undefined) return undefined;
    attributes.push({ type: type.toLowerCase(), value: read.value });
    if (read.rest === undefined) return attributes;
    rest = read.rest;
  }
}

/** The value of the one attribute of this type; undefined when there is none or more than one. */
export function onlyAttribute(attributes: readonly NameAttribute[], type: string): string | undefined {
  const [first, ...others] = attributes.filter(attribute => attribute.type === type.toLowerCase());
  return others.length === 0 ? first?.value : undefined;
}

/** Up to the next separator that is not escaped; `rest` is what follows it, undefined at the end. */
function readValue(text: string): { value: string; rest: string | undefined } | undefined {
  const bytes: Buffer[] = [];
  let position = text.length - text.trimStart().length;
  if (text[position] === '#') return undefined;
  // Blanks at the end belong to the value only when they are escaped.
  let kept = 0;
  while (position < text.length && !/[,+]/.test(text[position] ?? '')) {
    const character = String.fromCodePoint(text.codePointAt(position) ?? 0);
    if (character === '\\') {
      const escaped = readEscape(text.slice(position + 1, position + 3));
      if (escaped === undefined) return undefined;
      bytes.push(escaped.bytes);
      position += 1 + escaped.length;
      kept = bytes.length;
    } else {
      if (/["<>;\0]/.test(character)) return undefined;
      bytes.push(Buffer.from(character));
      position += character.length;
      if (character !== ' ') kept = bytes.length;
    }
  }
  const value = decode(Buffer.concat(bytes.slice(0, kept)));
  if (value === undefined || value === '') return undefined;
  return { value, rest: position < text.length ? text.slice(position + 1) : undefined };
}

function readEscape(next: string): { bytes: Buffer; length: number } | undefined {
  if (/^[0-9a-f]{2}$/i.test(next)) return { bytes: Buffer.from(next, 'hex'), length: 2 };
  const character = next.slice(0, 1);
  return character !== '' && SPECIAL.includes(character)
    ? { bytes: Buffer.from(character), length: 1 }
    : undefined;
}

function decode(bytes: Buffer): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    // Escaped bytes that are no UTF-8.
    return undefined;
  }
}
