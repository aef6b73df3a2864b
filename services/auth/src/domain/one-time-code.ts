/**
 * What people type, in the one form that is checked. Replays are recognised after this, not before: a used
 * code with a blank in it is still the used code.
 */

const SEPARATORS = /[\s\p{P}\p{Cf}]/gu;
/** Longer than any code with its separators; nothing is normalised beyond. */
const MAX_LENGTH = 64;

const squeeze = (text: string): string =>
  text.length > MAX_LENGTH ? '' : text.normalize('NFKC').replace(SEPARATORS, '');

/** Six ASCII digits, or undefined. */
export function parseTotpCode(text: string): string | undefined {
  const digits = squeeze(text);
  return /^[0-9]{6}$/.test(digits) ? digits : undefined;
}

/** Crockford's base 32: no letter that looks like a digit. */
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';
const GROUP = 5;
/** Each gives five bits: 100 in all. */
export const RECOVERY_CODE_LETTERS = 20;
const RECOVERY_CODE = new RegExp(`^[${ALPHABET}]{${RECOVERY_CODE_LETTERS}}$`);

/** The form in which a code is shown, from as many random bytes as it has letters. */
export function formatRecoveryCode(bytes: Uint8Array): string {
  const letters = Array.from(bytes, byte => ALPHABET.charAt(byte % ALPHABET.length)).join('');
  return (letters.match(new RegExp(`.{${GROUP}}`, 'g')) ?? []).join('-');
}

/** A code without its hyphens, look-alikes read as what they look like; undefined when it cannot be one. */
export function parseRecoveryCode(text: string): string | undefined {
  const letters = squeeze(text).toLowerCase().replaceAll('o', '0').replaceAll(/[il]/g, '1');
  return RECOVERY_CODE.test(letters) ? letters : undefined;
}
