import { invalidField } from '@strongroom/errors/common-errors';
import { canonicalName } from '@strongroom/schema/text';
import { Line } from '@strongroom/schema/types';

const MAX_LENGTH = 256;

export const NameInput = Line(MAX_LENGTH, 1);

/** Refuses what the schema cannot see: a name without any visible character, and one that is long when compared. */
export function checkedName(name: string): string {
  const canonical = canonicalName(name);
  if (canonical === '') {
    throw invalidField('name', 'name must have a visible character', 'VALUE_INCORRECT_FORMAT');
  }
  // One character can stand for eighteen (U+FDFA), and an index entry must not grow too large.
  if (canonical.length > MAX_LENGTH) {
    throw invalidField(
      'name',
      `name must have at most ${MAX_LENGTH} characters when written out`,
      'VALUE_OUT_OF_BOUNDS',
    );
  }
  return name;
}
