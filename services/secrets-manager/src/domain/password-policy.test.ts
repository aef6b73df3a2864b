import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { AppError } from '@strongroom/errors/app-error';
import { characterClasses } from './password-generator.ts';
import { toPolicySettings, type GivenPolicy } from './password-policy.ts';

const nothing: GivenPolicy = {
  name: 'p',
  rotationInterval: undefined,
  passwordMinLength: undefined,
  passwordMaxLength: undefined,
  useSpecialCharacters: undefined,
  useLowerCase: undefined,
  useUpperCase: undefined,
  useNumbers: undefined,
  maxVersions: undefined,
  numberOfRetries: undefined,
  retryInterval: undefined,
  maxConcurrentCheckouts: undefined,
  maxCheckoutDuration: undefined,
  rotateOnRelease: undefined,
  verifyAfterRotation: undefined,
  deleteVersionAfter: undefined,
  fallbackToPrevious: undefined,
};

function faultsOf(given: Partial<GivenPolicy>): (string | undefined)[] {
  try {
    toPolicySettings({ ...nothing, ...given });
    return [];
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return error.details.map(detail => detail.property);
  }
}

describe('toPolicySettings', () => {
  test('fills in what is not given', () => {
    expect(toPolicySettings(nothing)).toEqual({
      name: 'p',
      rotationInterval: 'P30D',
      passwordMinLength: 16,
      passwordMaxLength: 32,
      useSpecialCharacters: true,
      useLowerCase: true,
      useUpperCase: true,
      useNumbers: true,
      maxVersions: 10,
      numberOfRetries: 3,
      retryInterval: 'PT5M',
      maxConcurrentCheckouts: 1,
      maxCheckoutDuration: 'PT1H',
      rotateOnRelease: false,
      verifyAfterRotation: true,
      deleteVersionAfter: null,
      fallbackToPrevious: null,
    });
  });

  test.each([
    [{ passwordMinLength: 40 }, [40, 40]],
    [{ passwordMaxLength: 10 }, [10, 10]],
    [{ passwordMinLength: 20 }, [20, 32]],
    [{ passwordMaxLength: 20 }, [16, 20]],
  ])('the limit that is not given yields: %j', (given, lengths) => {
    const settings = toPolicySettings({ ...nothing, ...given });
    expect([settings.passwordMinLength, settings.passwordMaxLength]).toEqual(lengths);
  });

  test('a class that is named leaves out those that are not', () => {
    const settings = toPolicySettings({ ...nothing, useNumbers: true });
    expect(characterClasses(settings)).toEqual(['0123456789']);
  });

  test.each<[Partial<GivenPolicy>, string[]]>([
    [{ passwordMinLength: 3 }, ['password_min_length']],
    [{ passwordMaxLength: 3 }, ['password_min_length']],
    [{ passwordMinLength: 20, passwordMaxLength: 19 }, ['password_max_length']],
    [{ passwordMaxLength: 1_025 }, ['password_max_length']],
    [{ passwordMinLength: 1_025 }, ['password_max_length']],
    [{ useNumbers: false }, ['use_lower_case']],
    [{ rotationInterval: 'soon' }, ['rotation_interval']],
    [{ retryInterval: '0s', maxCheckoutDuration: 'P101Y' }, ['retry_interval', 'max_checkout_duration']],
    [
      { rotationInterval: '-1h', passwordMinLength: 2, useNumbers: false },
      ['rotation_interval', 'use_lower_case'],
    ],
  ])('names each broken rule of %j', (given, properties) => {
    expect(faultsOf(given)).toEqual(properties);
  });

  test('what passes can be obeyed', () => {
    const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });
    fc.assert(
      fc.property(
        fc.record({
          passwordMinLength: maybe(fc.integer({ min: -5, max: 1_100 })),
          passwordMaxLength: maybe(fc.integer({ min: -5, max: 1_100 })),
          useSpecialCharacters: maybe(fc.boolean()),
          useLowerCase: maybe(fc.boolean()),
          useUpperCase: maybe(fc.boolean()),
          useNumbers: maybe(fc.boolean()),
        }),
        given => {
          if (faultsOf(given).length > 0) return;
          const settings = toPolicySettings({ ...nothing, ...given });
          const classes = characterClasses(settings).length;
          expect(classes).toBeGreaterThan(0);
          expect(settings.passwordMinLength).toBeGreaterThanOrEqual(Math.max(1, classes));
          expect(settings.passwordMaxLength).toBeGreaterThanOrEqual(settings.passwordMinLength);
          expect(settings.passwordMaxLength).toBeLessThanOrEqual(1_024);
        },
      ),
      { numRuns: 1_000 },
    );
  });
});
