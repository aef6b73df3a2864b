import {
  generatePassword as generate,
  LOWER_CASE,
  NUMBERS,
  SPECIAL_CHARACTERS,
  UPPER_CASE,
  type RandomInt,
} from '@strongroom/crypto/generate-password';

/** The part of a policy that says what a password looks like. */
export interface PasswordRules {
  readonly passwordMinLength: number;
  readonly passwordMaxLength: number;
  readonly useSpecialCharacters: boolean;
  readonly useLowerCase: boolean;
  readonly useUpperCase: boolean;
  readonly useNumbers: boolean;
}

/** The alphabets in use. */
export const characterClasses = (rules: PasswordRules): string[] => [
  ...(rules.useLowerCase ? [LOWER_CASE] : []),
  ...(rules.useUpperCase ? [UPPER_CASE] : []),
  ...(rules.useNumbers ? [NUMBERS] : []),
  ...(rules.useSpecialCharacters ? [SPECIAL_CHARACTERS] : []),
];

/** A password that obeys the rules by construction. */
export const generatePassword = (rules: PasswordRules, randomInt: RandomInt): string =>
  generate(
    {
      minLength: rules.passwordMinLength,
      maxLength: rules.passwordMaxLength,
      alphabets: characterClasses(rules),
    },
    randomInt,
  );
