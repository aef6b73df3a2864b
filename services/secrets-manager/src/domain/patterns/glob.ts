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
 * Globs: `?` is one character and `*` any number of them, both other than `/`; `**` is any number of any. `[a-z]`,
 * `[!a-z]`, `{one,other}`, and `\` before a character that is meant itself. A glob matches the whole text.
 */
export function parseGlob(text: string): Pattern {
  const reader = readerOf(text);
  const whole = parseParts(reader, 0);
  if (reader.peek() !== undefined) throw new PatternError();
  return sequence([START, whole, END]);
}

const SLASH = '/'.codePointAt(0);
const notSlash = character(found => found !== SLASH);
const any = character(() => true);

/** As deep as alternatives may stand in each other. */
const MAX_DEPTH = 20;

function parseParts(reader: Reader, depth: number): Pattern {
  const parts: Pattern[] = [];
  for (let next = reader.peek(); next !== undefined; next = reader.peek()) {
    if (depth > 0 && (next === ',' || next === '}')) break;
    parts.push(parsePart(reader, depth));
  }
  return sequence(parts);
}

function parsePart(reader: Reader, depth: number): Pattern {
  const next = reader.take();
  if (next === '*') return repeat(reader.skip('*') ? any : notSlash, 0, Infinity);
  if (next === '?') return notSlash;
  if (next === '\\') return literal(reader.take());
  if (next === '[') return character(parseClass(reader));
  if (next === '{') return parseAlternatives(reader, depth + 1);
  if (next === ']' || next === '}') throw new PatternError();
  return literal(next);
}

function parseAlternatives(reader: Reader, depth: number): Pattern {
  if (depth > MAX_DEPTH) throw new PatternError();
  const options = [parseParts(reader, depth)];
  while (reader.skip(',')) options.push(parseParts(reader, depth));
  if (!reader.skip('}')) throw new PatternError();
  return either(options);
}

function parseClass(reader: Reader): CharacterSet {
  const isNegated = reader.skip('!') || reader.skip('^');
  const sets: CharacterSet[] = [];
  do {
    const first = takeMember(reader);
    if (reader.peek() === '-' && reader.peek(1) !== ']') {
      reader.take();
      sets.push(range(first, takeMember(reader)));
    } else sets.push(range(first, first));
  } while (!reader.skip(']'));
  return found => sets.some(isIn => isIn(found)) !== isNegated && !(isNegated && found === SLASH);
}

const takeMember = (reader: Reader): string => {
  const next = reader.take();
  return next === '\\' ? reader.take() : next;
};
