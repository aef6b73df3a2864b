/**
 * Search filters (RFC 4515) over the attributes of a person. Comparison ignores case and outer blanks, as that
 * of most directory attributes does. No regular expressions are made from what was sent.
 */
export type LdapFilter =
  | { readonly kind: 'and' | 'or'; readonly filters: readonly LdapFilter[] }
  | { readonly kind: 'not'; readonly filter: LdapFilter }
  | { readonly kind: 'present'; readonly attribute: string }
  | { readonly kind: 'equal' | 'at-least' | 'at-most'; readonly attribute: string; readonly value: string }
  /** First and last part may be empty; those between are found in this order. */
  | { readonly kind: 'substrings'; readonly attribute: string; readonly parts: readonly string[] };

/** Values of an attribute by its name in lower case. */
export type Attributes = ReadonlyMap<string, readonly string[]>;

const MAX_LENGTH = 4_096;
const MAX_DEPTH = 16;

/** Undefined: not a filter, or one that is too long or nested too deep. */
export function parseFilter(text: string): LdapFilter | undefined {
  if (text.length > MAX_LENGTH) return undefined;
  const reader = { text: text.trim(), at: 0 };
  const filter = readFilter(reader, 0);
  return reader.at === reader.text.length ? filter : undefined;
}

interface Reader {
  readonly text: string;
  at: number;
}

function readFilter(reader: Reader, depth: number): LdapFilter | undefined {
  if (depth > MAX_DEPTH || reader.text[reader.at] !== '(') return undefined;
  reader.at += 1;
  const filter = readContent(reader, depth);
  if (filter === undefined || reader.text[reader.at] !== ')') return undefined;
  reader.at += 1;
  return filter;
}

function readContent(reader: Reader, depth: number): LdapFilter | undefined {
  const operator = reader.text[reader.at];
  if (operator === '!') {
    reader.at += 1;
    const filter = readFilter(reader, depth + 1);
    return filter && { kind: 'not', filter };
  }
  if (operator !== '&' && operator !== '|') return readItem(reader);
  reader.at += 1;
  const filters: LdapFilter[] = [];
  while (reader.text[reader.at] === '(') {
    const filter = readFilter(reader, depth + 1);
    if (filter === undefined) return undefined;
    filters.push(filter);
  }
  // RFC 4526 gives the empty ones a meaning; `(&)`, everyone, is too much to give by a slip.
  return filters.length === 0 ? undefined : { kind: operator === '&' ? 'and' : 'or', filters };
}

function readItem(reader: Reader): LdapFilter | undefined {
  const end = reader.text.indexOf(')', reader.at);
  if (end === -1) return undefined;
  const item = reader.text.slice(reader.at, end);
  reader.at = end;
  const [, name, operator, raw = ''] = /^\s*([A-Za-z][A-Za-z0-9_.;-]*)\s*(=|>=|<=)(.*)$/s.exec(item) ?? [];
  if (name === undefined || raw.includes('(')) return undefined;
  const attribute = name.toLowerCase();
  if (operator === '=' && raw.trim() === '*') return { kind: 'present', attribute };
  const parts: string[] = [];
  for (const part of raw.split('*')) {
    const value = unescape(part);
    if (value === undefined) return undefined;
    parts.push(normalize(value));
  }
  const [value = ''] = parts;
  if (operator === '=' && parts.length > 1) return { kind: 'substrings', attribute, parts };
  if (parts.length > 1 || value === '') return undefined;
  return { kind: operator === '=' ? 'equal' : operator === '>=' ? 'at-least' : 'at-most', attribute, value };
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** `\2a` and the like are bytes of UTF-8 (RFC 4515, 3). */
function unescape(value: string): string | undefined {
  if (!value.includes('\\')) return value;
  if (/\\(?![0-9a-fA-F]{2})/.test(value)) return undefined;
  const bytes = value.split(/\\([0-9a-fA-F]{2})/).map((part, index) =>
    // Odd parts are what the parentheses caught.
    Buffer.from(part, index % 2 === 1 ? 'hex' : 'utf8'),
  );
  try {
    return utf8.decode(Buffer.concat(bytes));
  } catch {
    // Bytes that are no text match no text.
    return undefined;
  }
}

/** In three steps, since a capital sharp s is `SS` only after it was a small one. */
const normalize = (value: string): string =>
  value.normalize('NFKC').toLowerCase().toUpperCase().toLowerCase();

export function matchesFilter(filter: LdapFilter, attributes: Attributes): boolean {
  if ('filters' in filter) {
    const matches = (inner: LdapFilter) => matchesFilter(inner, attributes);
    return filter.kind === 'and' ? filter.filters.every(matches) : filter.filters.some(matches);
  }
  if (filter.kind === 'not') return !matchesFilter(filter.filter, attributes);
  return (attributes.get(filter.attribute) ?? []).some(value => matchesValue(filter, value));
}

type Item = Exclude<LdapFilter, { kind: 'and' | 'or' | 'not' }>;

function matchesValue(item: Item, attributeValue: string): boolean {
  const value = normalize(attributeValue).trim();
  if (value === '') return false;
  if (item.kind === 'present') return true;
  if (item.kind === 'substrings') return matchesParts(value, item.parts);
  const wanted = item.value.trim();
  if (item.kind === 'equal') return value === wanted;
  return item.kind === 'at-least' ? compare(value, wanted) >= 0 : compare(value, wanted) <= 0;
}

/** Whole numbers by their size, all else as text. */
function compare(a: string, b: string): number {
  const isNumber = /^-?\d{1,15}$/;
  if (isNumber.test(a) && isNumber.test(b)) return Number(a) - Number(b);
  return a < b ? -1 : a > b ? 1 : 0;
}

function matchesParts(value: string, parts: readonly string[]): boolean {
  const first = parts[0] ?? '';
  const last = parts.at(-1) ?? '';
  if (!value.startsWith(first)) return false;
  let at = first.length;
  for (const part of parts.slice(1, -1)) {
    const found = value.indexOf(part, at);
    if (found === -1) return false;
    at = found + part.length;
  }
  return value.length - last.length >= at && value.endsWith(last);
}
