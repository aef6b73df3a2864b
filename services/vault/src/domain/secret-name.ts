import { invalidField } from '@strongroom/errors/common-errors';
import { isLine } from '@strongroom/schema/text';

export const MAX_NAME_LENGTH = 512;
export const MAX_NAME_DEPTH = 32;

/**
 * The one form under which a secret is stored and looked up (docs/adr/0004-names.md). Names are compared
 * with case, after Unicode normalisation (NFC), so that two spellings of one accented name are one secret.
 * `/` separates folders; a segment that a path resolver would treat specially is refused.
 */
export function parseSecretName(raw: string): string {
  const refuse = (message: string, code = 'VALUE_INCORRECT_FORMAT') => invalidField('name', message, code);
  // Normalised first, so that every spelling of a name meets the same limits.
  const name = raw.normalize('NFC');
  if (name.length === 0 || name.length > MAX_NAME_LENGTH) {
    throw refuse(`name must have 1 to ${MAX_NAME_LENGTH} characters`, 'VALUE_OUT_OF_BOUNDS');
  }
  if (!isLine(name)) throw refuse('name must be well-formed text without control characters');
  if (name.trim() !== name) throw refuse('name must not begin or end with a blank');
  const segments = name.split('/');
  if (segments.length > MAX_NAME_DEPTH) {
    throw refuse(`name must have at most ${MAX_NAME_DEPTH} segments`, 'VALUE_OUT_OF_BOUNDS');
  }
  if (segments.some(segment => segment === '' || segment === '.' || segment === '..')) {
    throw refuse('name must not have an empty, "." or ".." segment');
  }
  return name;
}
