import { invalidField } from '@strongroom/errors/common-errors';
import { isLine } from '@strongroom/schema/text';

export const MAX_NAME_LENGTH = 512;
export const MAX_NAME_DEPTH = 32;

/**
 * The one form under which a secret is stored and looked up (docs/adr/0004-names.md). Names are compared
 * with case, after Unicode normalisation (NFC), so that two spellings of one accented name are one secret.
 * `/` separates folders; a segment that a path resolver would treat specially is refused.
 */
export const parseSecretName = (raw: string): string => parse(raw, 'name', MAX_NAME_LENGTH, MAX_NAME_DEPTH);

/** The same for a folder, which leaves room for the name of a secret in it. */
export const parseFolderPath = (raw: string): string =>
  parse(raw, 'path', MAX_NAME_LENGTH - 2, MAX_NAME_DEPTH - 1);

/** What putting it elsewhere can spoil of a name. */
export const fitsName = (name: string): boolean =>
  name.length <= MAX_NAME_LENGTH && name.split('/').length <= MAX_NAME_DEPTH;

function parse(raw: string, property: 'name' | 'path', maxLength: number, maxDepth: number): string {
  const refuse = (message: string, code = 'VALUE_INCORRECT_FORMAT') =>
    invalidField(property, `${property} must ${message}`, code);
  // Normalised first, so that every spelling of a name meets the same limits.
  const name = raw.normalize('NFC');
  if (name.length === 0 || name.length > maxLength) {
    throw refuse(`have 1 to ${maxLength} characters`, 'VALUE_OUT_OF_BOUNDS');
  }
  if (!isLine(name)) throw refuse('be well-formed text without control characters');
  if (name.trim() !== name) throw refuse('not begin or end with a blank');
  const segments = name.split('/');
  if (segments.length > maxDepth) {
    throw refuse(`have at most ${maxDepth} segments`, 'VALUE_OUT_OF_BOUNDS');
  }
  if (segments.some(segment => segment === '' || segment === '.' || segment === '..')) {
    throw refuse('not have an empty, "." or ".." segment');
  }
  return name;
}
