import type { ErrorDetail } from '@strongroom/errors/app-error';
import { invalidFields } from '@strongroom/errors/common-errors';
import type { Authored } from './authored.ts';
import { parseDuration } from './duration.ts';
import { characterClasses, type PasswordRules } from './password-generator.ts';
import type { RotationWindow } from './rotation-window.ts';

export interface PolicySettings extends PasswordRules {
  readonly name: string;
  /** ISO 8601 or Go, as the client wrote it; so are the two below. */
  readonly rotationInterval: string;
  readonly maxVersions: number;
  readonly numberOfRetries: number;
  readonly retryInterval: string;
  readonly maxConcurrentCheckouts: number;
  readonly maxCheckoutDuration: string;
  readonly rotateOnRelease: boolean;
  readonly verifyAfterRotation: boolean;
  /** Older clients' own: kept for them, null when they were not given. */
  readonly deleteVersionAfter: string | null;
  readonly fallbackToPrevious: boolean | null;
}

export type PasswordPolicy = PolicySettings &
  Authored & {
    /** By which dialects name it whose policies have numbers. */
    readonly number: number;
    /** When scheduled rotations begin; null: at any time. */
    readonly rotationWindow: RotationWindow | null;
  };

/** What a request says. Undefined is what it leaves to the platform. */
export type GivenPolicy = { readonly name: string } & {
  readonly [Key in Exclude<keyof PolicySettings, 'name'>]: NonNullable<PolicySettings[Key]> | undefined;
};

export const MAX_PASSWORD_LENGTH = 1_024;
const DEFAULT_MIN_LENGTH = 16;
const DEFAULT_MAX_LENGTH = 32;

/** Fills in the defaults (README) and refuses a policy that no password, or no rotation, could obey. */
export function toPolicySettings(given: GivenPolicy): PolicySettings {
  const settings = withDefaults(given);
  const [first, ...rest] = [...durationFaults(settings), ...passwordFaults(settings)];
  if (first !== undefined) throw invalidFields([first, ...rest]);
  return settings;
}

function withDefaults(given: GivenPolicy): PolicySettings {
  const { passwordMinLength: min, passwordMaxLength: max } = given;
  const { useSpecialCharacters, useLowerCase, useUpperCase, useNumbers } = given;
  // A request that names some classes means those; one that names none leaves the choice to us.
  const otherClasses = [useSpecialCharacters, useLowerCase, useUpperCase, useNumbers].every(
    use => use === undefined,
  );
  return {
    name: given.name,
    rotationInterval: given.rotationInterval ?? 'P30D',
    // The limit that is not given yields to the one that is.
    passwordMinLength: min ?? Math.min(DEFAULT_MIN_LENGTH, max ?? DEFAULT_MIN_LENGTH),
    passwordMaxLength: max ?? Math.max(DEFAULT_MAX_LENGTH, min ?? DEFAULT_MAX_LENGTH),
    useSpecialCharacters: useSpecialCharacters ?? otherClasses,
    useLowerCase: useLowerCase ?? otherClasses,
    useUpperCase: useUpperCase ?? otherClasses,
    useNumbers: useNumbers ?? otherClasses,
    maxVersions: given.maxVersions ?? 10,
    numberOfRetries: given.numberOfRetries ?? 3,
    retryInterval: given.retryInterval ?? 'PT5M',
    maxConcurrentCheckouts: given.maxConcurrentCheckouts ?? 1,
    maxCheckoutDuration: given.maxCheckoutDuration ?? 'PT1H',
    rotateOnRelease: given.rotateOnRelease ?? false,
    verifyAfterRotation: given.verifyAfterRotation ?? true,
    deleteVersionAfter: given.deleteVersionAfter ?? null,
    fallbackToPrevious: given.fallbackToPrevious ?? null,
  };
}

function durationFaults(settings: PolicySettings): ErrorDetail[] {
  const durations = {
    rotation_interval: settings.rotationInterval,
    retry_interval: settings.retryInterval,
    max_checkout_duration: settings.maxCheckoutDuration,
  };
  return Object.entries(durations)
    .filter(([, text]) => parseDuration(text) === undefined)
    .map(([property]) => ({
      code: 'VALUE_INCORRECT_FORMAT',
      message: `${property} must be a duration such as P30D or 720h0m0s, above zero and at most 100 years`,
      property,
    }));
}

function passwordFaults(settings: PolicySettings): ErrorDetail[] {
  const faults: ErrorDetail[] = [];
  const fault = (property: string, message: string) =>
    faults.push({ code: 'VALUE_OUT_OF_BOUNDS', message, property });
  const { passwordMinLength: min, passwordMaxLength: max } = settings;
  const classes = characterClasses(settings).length;
  if (min < 1 || min < classes) {
    fault(
      'password_min_length',
      'password_min_length must leave room for one character of each class in use',
    );
  }
  if (max < min || max > MAX_PASSWORD_LENGTH) {
    fault(
      'password_max_length',
      `password_max_length must be at least password_min_length and at most ${MAX_PASSWORD_LENGTH}`,
    );
  }
  if (classes === 0) fault('use_lower_case', 'At least one class of characters must be in use');
  return faults;
}
