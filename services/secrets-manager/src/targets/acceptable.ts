import { TargetError } from './target-error.ts';

/** Control characters are in no name that a server means; a NUL would end it early. */
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/;

/** Within what every kind of target can carry, with room for its encodings. */
const MAX_PASSWORD_LENGTH = 512;

/**
 * Printable ASCII. A line break would end the line that a script reads, and servers normalise all else in ways of
 * their own, which would make a password that nobody can type.
 */
export function requireCarriable(newPassword: string): void {
  if (newPassword.length > MAX_PASSWORD_LENGTH || !/^[\x20-\x7e]+$/.test(newPassword))
    throw new TargetError('password-refused');
}

/** A current password may have been set by anybody; more than one line of it would be taken for the next answer. */
export function requireOneLine(currentPassword: string): void {
  if (CONTROL.test(currentPassword)) throw new TargetError('password-refused');
}

export function requireName(name: string, maxBytes: number): void {
  if (name === '' || Buffer.byteLength(name) > maxBytes || CONTROL.test(name) || !name.isWellFormed())
    throw new TargetError('account-refused');
}

/**
 * A name that a script can be given. `:` ends a name in the tables of accounts, and a leading dash would make it
 * an option of the commands that the script runs.
 */
export function requireLoginName(name: string): void {
  requireName(name, 256);
  if (name.includes(':') || name.startsWith('-')) throw new TargetError('account-refused');
}
