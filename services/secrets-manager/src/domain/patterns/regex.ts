import {
  character,
  either,
  END,
  literal,
  PatternError,
  range,
  readerOf,
  repeat,
  sequence,
  START,
  type CharacterSet,
  type Pattern,
  type Reader,
} from './syntax.ts';

/**
 * Regular expressions in the part of RE2's syntax that lists of commands use: what PrivX's server reads, and what
 * needs no backtracking. No flags, no named groups, no classes of Unicode. One that is not anchored matches anywhere.
 */
export function parseRegex(text: string): Pattern {
  const reader = readerOf(text);
  const whole = parseOptions(reader, 0);
  if (reader.peek() !== undefined) throw new PatternError();
  return whole;
}

/** As deep as groups may stand in each other. */
const MAX_DEPTH = 100;
/** RE2's. */
const MAX_REPEAT = 1_000;

function parseOptions(reader: Reader, depth: number): Pattern {
  const options = [parseSequence(reader, depth)];
  while (reader.skip('|')) options.push(parseSequence(reader, depth));
  return either(options);
}

function parseSequence(reader: Reader, depth: number): Pattern {
  const parts: Pattern[] = [];
  for (let next = reader.peek(); next !== undefined && next !== '|' && next !== ')'; next = reader.peek()) {
    parts.push(parseRepeated(reader, parsePart(reader, depth)));
  }
  return sequence(parts);
}

/** One quantifier at most; a `?` behind it asks for the shortest match, which changes no answer here. */
function parseRepeated(reader: Reader, part: Pattern): Pattern {
  const bounds = takeBounds(reader);
  if (bounds === undefined) return part;
  reader.skip('?');
  if (takeBounds(reader) !== undefined) throw new PatternError();
  return repeat(part, bounds[0], bounds[1]);
}

function takeBounds(reader: Reader): [min: number, max: number] | undefined {
  if (reader.skip('*')) return [0, Infinity];
  if (reader.skip('+')) return [1, Infinity];
  if (reader.skip('?')) return [0, 1];
  if (!reader.skip('{')) return undefined;
  const min = takeNumber(reader);
  let max = min;
  if (reader.skip(',')) max = reader.peek() === '}' ? Infinity : takeNumber(reader);
  if (!reader.skip('}') || max < min || min > MAX_REPEAT) throw new PatternError();
  if (max !== Infinity && max > MAX_REPEAT) throw new PatternError();
  return [min, max];
}

function takeNumber(reader: Reader): number {
  let digits = '';
  while (/^[0-9]$/.test(reader.peek() ?? '')) digits += reader.take();
  if (digits === '') throw new PatternError();
  return Number(digits);
}

const LINE_FEED = '\n'.codePointAt(0);

function parsePart(reader: Reader, depth: number): Pattern {
  const next = reader.take();
  if (next === '(') return parseGroup(reader, depth + 1);
  if (next === '[') return character(parseClass(reader));
  if (next === '.') return character(found => found !== LINE_FEED);
  if (next === '^') return START;
  if (next === '$') return END;
  if (next === '\\') return parseEscape(reader);
  if ('*+?{'.includes(next)) throw new PatternError();
  return literal(next);
}

function parseGroup(reader: Reader, depth: number): Pattern {
  if (depth > MAX_DEPTH || (reader.peek() === '?' && !reader.skip('?:'))) throw new PatternError();
  const inner = parseOptions(reader, depth);
  if (!reader.skip(')')) throw new PatternError();
  return inner;
}

function parseEscape(reader: Reader): Pattern {
  if (reader.skip('A')) return START;
  if (reader.skip('z')) return END;
  if (reader.skip('b')) return { kind: 'assertion', at: 'word boundary' };
  if (reader.skip('B')) return { kind: 'assertion', at: 'no word boundary' };
  return character(takeEscaped(reader).set);
}

const anyOf =
  (...sets: CharacterSet[]): CharacterSet =>
  found =>
    sets.some(isIn => isIn(found));
const not =
  (set: CharacterSet): CharacterSet =>
  found =>
    !set(found);
const oneOf = (text: string): CharacterSet => anyOf(...Array.from(text, each => range(each, each)));

const digit = range('0', '9');
const lowerCase = range('a', 'z');
const upperCase = range('A', 'Z');
const alpha = anyOf(lowerCase, upperCase);
const alnum = anyOf(alpha, digit);
export const isWord = anyOf(alnum, oneOf('_'));
const space = oneOf('\t\n\f\r ');

const NAMED = new Map<string, CharacterSet>([
  ['d', digit],
  ['D', not(digit)],
  ['w', isWord],
  ['W', not(isWord)],
  ['s', space],
  ['S', not(space)],
]);
const CONTROLS = new Map([
  ['n', '\n'],
  ['t', '\t'],
  ['r', '\r'],
  ['f', '\f'],
  ['v', '\v'],
]);
const POSIX = new Map<string, CharacterSet>([
  ['alnum', alnum],
  ['alpha', alpha],
  ['blank', oneOf('\t ')],
  ['digit', digit],
  ['graph', range('!', '~')],
  ['lower', lowerCase],
  ['print', range(' ', '~')],
  ['punct', anyOf(range('!', '/'), range(':', '@'), range('[', '`'), range('{', '~'))],
  ['space', anyOf(space, oneOf('\v'))],
  ['upper', upperCase],
  ['word', isWord],
  ['xdigit', anyOf(digit, range('a', 'f'), range('A', 'F'))],
]);

/** What follows a backslash. `single` can begin or end a range. */
function takeEscaped(reader: Reader): { set: CharacterSet; single?: string } {
  const next = reader.take();
  const named = NAMED.get(next);
  if (named !== undefined) return { set: named };
  const single = CONTROLS.get(next) ?? next;
  // Letters and digits have meanings that are not known here, such as back references.
  if (single === next && /^[A-Za-z0-9]$/.test(next)) throw new PatternError();
  return { set: range(single, single), single };
}

function parseClass(reader: Reader): CharacterSet {
  const isNegated = reader.skip('^');
  const sets: CharacterSet[] = [];
  // A bracket that comes first is meant itself.
  do sets.push(parseMember(reader));
  while (!reader.skip(']'));
  const set = anyOf(...sets);
  return isNegated ? not(set) : set;
}

function parseMember(reader: Reader): CharacterSet {
  if (reader.skip('[:')) return parsePosix(reader);
  const first = takeMember(reader);
  if (first.single === undefined || reader.peek() !== '-' || reader.peek(1) === ']') return first.set;
  reader.take();
  const last = takeMember(reader);
  if (last.single === undefined) throw new PatternError();
  return range(first.single, last.single);
}

function takeMember(reader: Reader): { set: CharacterSet; single?: string } {
  const next = reader.take();
  return next === '\\' ? takeEscaped(reader) : { set: range(next, next), single: next };
}

function parsePosix(reader: Reader): CharacterSet {
  const isNegated = reader.skip('^');
  let name = '';
  while (!reader.skip(':]')) name += reader.take();
  const set = POSIX.get(name);
  if (set === undefined) throw new PatternError();
  return isNegated ? not(set) : set;
}
