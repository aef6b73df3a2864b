import { dictionary } from '@zxcvbn-ts/language-common';
import { normalizePassword } from '@strongroom/crypto/password';
import type { ErrorDetail } from '@strongroom/errors/app-error';
import type { User } from './user.ts';

/**
 * What a person's password must be (NIST SP 800-63B-4, 3.1.1.2): long enough and not to be guessed first.
 * Classes of characters are demanded only where an installation must.
 */
export interface PasswordPolicy {
  /** In characters (code points) of the NFKC form, in which passwords are hashed. */
  readonly minLength: number;
  readonly requireLowerCase: boolean;
  readonly requireUpperCase: boolean;
  readonly requireDigit: boolean;
  readonly requireSymbol: boolean;
}

export const MAX_PASSWORD_LENGTH = 256;

/** The first rule that a password breaks; undefined: none. Messages never tell the password. */
export function passwordFault(
  policy: PasswordPolicy,
  password: string,
  user: Pick<User, 'username' | 'document'>,
): Omit<ErrorDetail, 'property'> | undefined {
  const normal = normalizePassword(password);
  const length = Array.from(normal).length;
  if (length < policy.minLength) {
    return outOfBounds(`The password must have at least ${policy.minLength} characters`);
  }
  if (length > MAX_PASSWORD_LENGTH) {
    return outOfBounds(`The password must have at most ${MAX_PASSWORD_LENGTH} characters`);
  }
  for (const [isRequired, pattern, what] of [
    [policy.requireLowerCase, /\p{Ll}/u, 'a small letter'],
    [policy.requireUpperCase, /\p{Lu}/u, 'a capital letter'],
    [policy.requireDigit, /\p{Nd}/u, 'a digit'],
    [policy.requireSymbol, /[^\p{L}\p{N}]/u, 'a character that is neither a letter nor a digit'],
  ] as const) {
    if (isRequired && !pattern.test(normal)) return guessable(`The password must have ${what}`);
  }
  if (repeatedUnit(normal).length < 4) return guessable('The password repeats a few characters');
  const names = new Set(namesOf(user).flatMap(name => [...formsOf(name)]));
  for (const form of formsOf(normal)) {
    if (names.has(form)) return guessable('The password is a name of the person or of the platform');
    if (COMMON.has(form)) return guessable('The password is, or is made from, one of the most common ones');
  }
  return undefined;
}

const outOfBounds = (message: string) => ({ code: 'VALUE_OUT_OF_BOUNDS', message });
const guessable = (message: string) => ({ code: 'INVALID_REQUEST_DATA', message });

const COMMON: ReadonlySet<string> = new Set(dictionary['passwords-common']);

/** Members of a person's document that others know or guess. */
const NAME_MEMBERS = [
  'full_name',
  'display_name',
  'first_name',
  'last_name',
  'windows_account',
  'unix_account',
  'email',
  'company',
];

function namesOf({ username, document }: Pick<User, 'username' | 'document'>): string[] {
  const names = [username, ...NAME_MEMBERS.map(member => document[member])].filter(
    name => typeof name === 'string',
  );
  const localParts = names
    .filter(name => name.includes('@'))
    .map(name => name.slice(0, name.lastIndexOf('@')));
  return [...names, ...localParts, 'strongroom', 'privx'].map(normalizePassword);
}

/**
 * A word as it stands and less what people put around it: case, separators, digits and signs at both ends, and
 * repetition. `Password-1234!` and `password password` both come down to `password`.
 */
function formsOf(text: string): ReadonlySet<string> {
  const lower = text.toLowerCase();
  const letters = lower.replace(/[^\p{L}\p{N}]/gu, '');
  const forms = [
    lower,
    letters,
    ...withoutDigits(letters),
    ...withoutDigits(letters.replace(/^\p{N}+/u, '')),
  ];
  return new Set(forms.filter(form => form !== '').flatMap(form => [form, repeatedUnit(form)]));
}

/** Each way to leave digits at the end away, since some belong to the word: `1q2w3e4` is one. */
function withoutDigits(text: string): string[] {
  const core = text.replace(/\p{N}+$/u, '');
  if (core === '') return [];
  return Array.from({ length: text.length - core.length + 1 }, (_, digits) =>
    text.slice(0, core.length + digits),
  );
}

/** `abc` of `abcabc`; the text itself when it repeats nothing. */
function repeatedUnit(text: string): string {
  // A text that repeats a unit is found within its own double before the end.
  const at = (text + text).indexOf(text, 1);
  return text.slice(0, at);
}
