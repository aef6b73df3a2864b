import { LOWER_CASE, NUMBERS, UPPER_CASE, type PasswordShape } from '@strongroom/crypto/generate-password';

/**
 * What a password looks like that is made for a field of a secret. Vault knows no password policies; hosts that ask for
 * a certain form are rotated by secrets-manager, which has them. All of its characters stand in JSON, in a URL and in
 * a shell's word as they are: clients cut the quotes off an answer without unescaping it.
 */
export const FIELD_PASSWORD: PasswordShape = {
  minLength: 24,
  maxLength: 24,
  alphabets: [LOWER_CASE, UPPER_CASE, NUMBERS, '-._'],
};
