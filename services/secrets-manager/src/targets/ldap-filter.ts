import { encode, encodeBoolean, encodeText } from './ldap-ber.ts';

/** Search filters as people write them (RFC 4515), in the form in which they are sent (RFC 4511, 4.5.1.7). */

const CHOICE = {
  and: 0xa0,
  or: 0xa1,
  not: 0xa2,
  equality: 0xa3,
  substrings: 0xa4,
  greaterOrEqual: 0xa5,
  lessOrEqual: 0xa6,
  present: 0x87,
  approximate: 0xa8,
  extensible: 0xa9,
} as const;

const MAX_LENGTH = 8_192;
/** Each level is one of the stack, here and in the directory. */
const MAX_DEPTH = 50;

/** An attribute's name or number, with options. */
const ATTRIBUTE = '(?:[A-Za-z][A-Za-z0-9-]*|\\d+(?:\\.\\d+)+)(?:;[A-Za-z0-9-]+)*';
const RULE = '(?:[A-Za-z][A-Za-z0-9-]*|\\d+(?:\\.\\d+)+)';
const SIMPLE = new RegExp(`^(${ATTRIBUTE})(=|~=|>=|<=)(.*)$`, 's');
const EXTENSIBLE = new RegExp(`^(${ATTRIBUTE})?(:[dD][nN])?(?::(${RULE}))?:=(.*)$`, 's');

/** Undefined: it is no filter. The outer parentheses may be missing. */
export function parseFilter(text: string): Buffer | undefined {
  const trimmed = text.trim();
  if (trimmed === '' || trimmed.length > MAX_LENGTH || !trimmed.isWellFormed()) return undefined;
  const whole = trimmed.startsWith('(') ? trimmed : `(${trimmed})`;
  const parsed = parseAt(whole, 0, 0);
  return parsed?.end === whole.length ? parsed.filter : undefined;
}

interface Parsed {
  readonly filter: Buffer;
  /** The place behind it. */
  readonly end: number;
}

function parseAt(text: string, start: number, depth: number): Parsed | undefined {
  if (depth > MAX_DEPTH || text[start] !== '(') return undefined;
  const kind = text[start + 1];
  if (kind === '&' || kind === '|' || kind === '!') return parseComposed(text, start + 2, depth, kind);
  const close = text.indexOf(')', start);
  if (close === -1) return undefined;
  const filter = parseItem(text.slice(start + 1, close).trimStart());
  return filter && { filter, end: close + 1 };
}

function parseComposed(
  text: string,
  start: number,
  depth: number,
  kind: '&' | '|' | '!',
): Parsed | undefined {
  const parts: Buffer[] = [];
  let at = skipSpace(text, start);
  while (text[at] === '(') {
    const part = parseAt(text, at, depth + 1);
    if (part === undefined) return undefined;
    parts.push(part.filter);
    at = skipSpace(text, part.end);
  }
  // Of one that is not there, and of several, there is no opposite.
  if (text[at] !== ')' || (kind === '!' ? parts.length !== 1 : parts.length === 0)) return undefined;
  const tag = { '&': CHOICE.and, '|': CHOICE.or, '!': CHOICE.not }[kind];
  return { filter: encode(tag, ...parts), end: at + 1 };
}

function skipSpace(text: string, start: number): number {
  let at = start;
  while (/\s/.test(text[at] ?? '')) at += 1;
  return at;
}

const COMPARISONS: Readonly<Record<string, number>> = {
  '=': CHOICE.equality,
  '~=': CHOICE.approximate,
  '>=': CHOICE.greaterOrEqual,
  '<=': CHOICE.lessOrEqual,
};

function parseItem(item: string): Buffer | undefined {
  const [, attribute = '', operator = '', value = ''] = SIMPLE.exec(item) ?? [];
  if (attribute === '') return parseExtensible(item);
  if (operator === '=' && value.includes('*')) return parseSubstrings(attribute, value.split('*'));
  const bytes = unescapeValue(value);
  return bytes && encode(COMPARISONS[operator] ?? 0, encodeText(attribute), encodeText(bytes));
}

/** What stands between the asterisks; nothing between any of them asks for presence alone. */
function parseSubstrings(attribute: string, pieces: readonly string[]): Buffer | undefined {
  const parts: Buffer[] = [];
  for (const [index, piece] of pieces.entries()) {
    const bytes = unescapeValue(piece);
    if (bytes === undefined) return undefined;
    const tag = index === 0 ? 0x80 : index === pieces.length - 1 ? 0x82 : 0x81;
    if (bytes.length > 0) parts.push(encodeText(bytes, tag));
  }
  if (parts.length === 0) return encodeText(attribute, CHOICE.present);
  return encode(CHOICE.substrings, encodeText(attribute), encode(0x30, ...parts));
}

function parseExtensible(item: string): Buffer | undefined {
  const match = EXTENSIBLE.exec(item);
  if (match === null) return undefined;
  const [, attribute, ofDn, rule, value = ''] = match;
  const bytes = unescapeValue(value);
  if (bytes === undefined || (attribute === undefined && rule === undefined)) return undefined;
  return encode(
    CHOICE.extensible,
    ...(rule === undefined ? [] : [encodeText(rule, 0x81)]),
    ...(attribute === undefined ? [] : [encodeText(attribute, 0x82)]),
    encodeText(bytes, 0x83),
    ...(ofDn === undefined ? [] : [encodeBoolean(true, 0x84)]),
  );
}

/** `\xx` stands for any byte, and must for those that have a meaning of their own. */
function unescapeValue(text: string): Buffer | undefined {
  if (/[\0()*]|\\(?![0-9A-Fa-f]{2})/.test(text)) return undefined;
  const [first = '', ...others] = text.split('\\');
  return Buffer.concat([
    Buffer.from(first),
    ...others.flatMap(piece => [Buffer.from(piece.slice(0, 2), 'hex'), Buffer.from(piece.slice(2))]),
  ]);
}

/** For a value that is put into a filter: it then means itself, whatever is in it. */
export const escapeFilterValue = (value: string): string =>
  value.replace(/[\0()*\\]/g, character => `\\${character.charCodeAt(0).toString(16).padStart(2, '0')}`);
