/** Uniform over 0 … maxExclusive - 1; cryptographically strong in production. */
export type RandomInt = (maxExclusive: number) => number;

/** What a generated password looks like: no longer or shorter, and at least one character of each alphabet. */
export interface PasswordShape {
  readonly minLength: number;
  /** Not below `minLength`, which has room for one character of each alphabet. */
  readonly maxLength: number;
  /** Each is ASCII, so that an index is a character. */
  readonly alphabets: readonly string[];
}

export const LOWER_CASE = 'abcdefghijklmnopqrstuvwxyz';
export const UPPER_CASE = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';
export const NUMBERS = '0123456789';
/**
 * Without blanks, quotes, backslash and whatever a shell expands or XML, an ini file or cmd.exe reads as syntax
 * inside of a value: passwords end up in scripts and files whose authors forgot to quote.
 */
export const SPECIAL_CHARACTERS = '+,-.:=@_';

/**
 * A password that has its shape by construction: a length uniform between the limits, one character of each
 * alphabet, the rest from all of them together, then shuffled so that no place tells its class.
 */
export function generatePassword(
  { minLength, maxLength, alphabets }: PasswordShape,
  randomInt: RandomInt,
): string {
  const pick = (alphabet: string) => alphabet.charAt(randomInt(alphabet.length));
  const length = minLength + randomInt(maxLength - minLength + 1);
  const all = alphabets.join('');
  const rest = Array.from({ length: length - alphabets.length }, () => pick(all));
  return shuffle([...alphabets.map(pick), ...rest], randomInt).join('');
}

/** Fisher–Yates: every order is equally likely. */
function shuffle(characters: readonly string[], randomInt: RandomInt): string[] {
  const shuffled: string[] = [];
  for (const [index, character] of characters.entries()) {
    const place = randomInt(index + 1);
    shuffled.push(shuffled[place] ?? character);
    shuffled[place] = character;
  }
  return shuffled;
}
