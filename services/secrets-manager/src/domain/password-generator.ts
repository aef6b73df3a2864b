/** The part of a policy that says what a password looks like. */
export interface PasswordRules {
  readonly passwordMinLength: number;
  readonly passwordMaxLength: number;
  readonly useSpecialCharacters: boolean;
  readonly useLowerCase: boolean;
  readonly useUpperCase: boolean;
  readonly useNumbers: boolean;
}

/** Uniform over 0 … maxExclusive - 1; cryptographically strong in production. */
export type RandomInt = (maxExclusive: number) => number;

export const LOWER_CASE = 'abcdefghijklmnopqrstuvwxyz';
export const UPPER_CASE = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';
export const NUMBERS = '0123456789';
/**
 * Without blanks, quotes, backslash and whatever a shell expands or XML, an ini file or cmd.exe reads as syntax
 * inside of a value: passwords end up in scripts and files whose authors forgot to quote.
 */
export const SPECIAL_CHARACTERS = '+,-.:=@_';

/** The alphabets in use. Each is ASCII, so that an index is a character. */
export const characterClasses = (rules: PasswordRules): string[] => [
  ...(rules.useLowerCase ? [LOWER_CASE] : []),
  ...(rules.useUpperCase ? [UPPER_CASE] : []),
  ...(rules.useNumbers ? [NUMBERS] : []),
  ...(rules.useSpecialCharacters ? [SPECIAL_CHARACTERS] : []),
];

/**
 * A password that obeys the rules by construction: a length uniform between the limits, one character of each
 * class, the rest from all classes together, then shuffled so that no place tells its class.
 */
export function generatePassword(rules: PasswordRules, randomInt: RandomInt): string {
  const pick = (alphabet: string) => alphabet.charAt(randomInt(alphabet.length));
  const length = rules.passwordMinLength + randomInt(rules.passwordMaxLength - rules.passwordMinLength + 1);
  const classes = characterClasses(rules);
  const all = classes.join('');
  const rest = Array.from({ length: length - classes.length }, () => pick(all));
  return shuffle([...classes.map(pick), ...rest], randomInt).join('');
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
