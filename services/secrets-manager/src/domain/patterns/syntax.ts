/** What a pattern means, however it was written. */
export type Pattern =
  | { readonly kind: 'character'; readonly isIn: (character: number) => boolean }
  | { readonly kind: 'sequence'; readonly parts: readonly Pattern[] }
  | { readonly kind: 'either'; readonly options: readonly Pattern[] }
  | { readonly kind: 'repeat'; readonly part: Pattern; readonly min: number; readonly max: number }
  | { readonly kind: 'assertion'; readonly at: Assertion };

export type Assertion = 'start' | 'end' | 'word boundary' | 'no word boundary';

/** The pattern cannot be read, or is too large. It does not say why: a pattern may hold what must not be told. */
export class PatternError extends Error {
  override readonly name = 'PatternError';
}

export const START: Pattern = { kind: 'assertion', at: 'start' };
export const END: Pattern = { kind: 'assertion', at: 'end' };

export const character = (isIn: (character: number) => boolean): Pattern => ({ kind: 'character', isIn });

export const literal = (text: string): Pattern => {
  const wanted = text.codePointAt(0);
  return character(found => found === wanted);
};

export const sequence = (parts: readonly Pattern[]): Pattern => ({ kind: 'sequence', parts });

export const either = (options: readonly Pattern[]): Pattern => ({ kind: 'either', options });

export const repeat = (part: Pattern, min: number, max: number): Pattern => ({
  kind: 'repeat',
  part,
  min,
  max,
});

/** A class of characters: single ones, ranges and named sets. */
export type CharacterSet = (character: number) => boolean;

export const range = (first: string, last: string): CharacterSet => {
  const [from = 0, to = 0] = [first.codePointAt(0), last.codePointAt(0)];
  if (from > to) throw new PatternError();
  return found => found >= from && found <= to;
};

/** Reads a text character by character. */
export interface Reader {
  /** The next character; undefined at the end. */
  peek: (ahead?: number) => string | undefined;
  /** Takes the next character; at the end the pattern is broken. */
  take: () => string;
  /** Takes `text` if it comes next. */
  skip: (text: string) => boolean;
}

export function readerOf(text: string): Reader {
  const characters = Array.from(text);
  let place = 0;
  return {
    peek: (ahead = 0) => characters[place + ahead],
    take() {
      const next = characters[place++];
      if (next === undefined) throw new PatternError();
      return next;
    },
    skip(wanted) {
      const ahead = Array.from(wanted);
      const isNext = ahead.every((each, index) => characters[place + index] === each);
      if (isNext) place += ahead.length;
      return isNext;
    },
  };
}
