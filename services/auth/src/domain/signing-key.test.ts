import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  due,
  isShown,
  KEY_SET_MAX_AGE_SECONDS,
  later,
  PREPUBLISH_SECONDS,
  retirement,
  rotatable,
  signingKeyAt,
  type SigningAlgorithm,
} from './signing-key.ts';

const START = new Date('2026-01-01T00:00:00Z');
const at = (seconds: number) => later(START, seconds);
const key = (id: string, algorithm: SigningAlgorithm, activeFrom: number) => ({
  id,
  algorithm,
  activeFrom: at(activeFrom),
});

describe('the key that signs', () => {
  const keys = [key('old', 'EdDSA', 0), key('next', 'EdDSA', 900), key('rsa', 'RS256', 950)];

  test.each([
    [899.999, 'old'],
    [900, 'next'],
    [100_000, 'next'],
    // The clock of this replica is behind.
    [-5, 'old'],
  ])('after %d s is %s', (seconds, id) => {
    expect(signingKeyAt(keys, 'EdDSA', at(seconds))?.id).toBe(id);
    expect(signingKeyAt([...keys].reverse(), 'EdDSA', at(seconds))?.id).toBe(id);
  });

  test('is of the algorithm asked for, if there is one', () => {
    expect(signingKeyAt(keys, 'RS256', at(2_000))?.id).toBe('rsa');
    expect(signingKeyAt([keys[0]!], 'RS256', at(2_000))).toBeUndefined();
  });
});

test('a key is shown until it is retired', () => {
  expect(isShown({ retiredAt: null }, START)).toBe(true);
  expect(isShown({ retiredAt: at(1) }, START)).toBe(true);
  expect(isShown({ retiredAt: at(0) }, START)).toBe(false);
});

describe('a next key', () => {
  test('may be made for an algorithm while none waits', () => {
    const keys = [key('a', 'EdDSA', 0), key('b', 'RS256', 0), key('c', 'RS256', 900)];
    expect(rotatable(keys, at(100))).toEqual(['EdDSA']);
    expect(rotatable(keys, at(900))).toEqual(['EdDSA', 'RS256']);
  });

  test('is due when the newest is of the age', () => {
    const keys = [key('a', 'EdDSA', 0), key('b', 'EdDSA', 86_400), key('c', 'RS256', 0)];
    expect(due(keys, at(86_400), 1)).toEqual(['RS256']);
    expect(due(keys, at(2 * 86_400 - 1), 1)).toEqual(['RS256']);
    expect(due(keys, at(2 * 86_400), 1)).toEqual(['EdDSA', 'RS256']);
  });
});

test('over any rotations, who signs was shown long before, and stays shown until its tokens expire', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 20_000 }), { maxLength: 6 }),
      fc.integer({ min: 0, max: 150_000 }),
      (pauses, moment) => {
        // Each rotation as the operation makes it: refused while a key waits.
        const first = { ...key('0', 'EdDSA', 0), createdAt: at(0), retiredAt: null as Date | null };
        const keys = [first];
        let seconds = 0;
        for (const pause of pauses) {
          seconds += pause;
          if (!rotatable(keys, at(seconds)).includes('EdDSA')) continue;
          const activeFrom = at(seconds + PREPUBLISH_SECONDS);
          for (const old of keys) old.retiredAt ??= retirement(activeFrom);
          keys.push({
            ...first,
            id: String(keys.length),
            createdAt: at(seconds),
            activeFrom,
            retiredAt: null,
          });
        }
        const changes = keys.flatMap(({ activeFrom }) => [later(activeFrom, -1), activeFrom]);
        for (const time of [at(moment), ...changes]) {
          const signer = signingKeyAt(keys, 'EdDSA', time)!;
          const knownFor = (time.getTime() - signer.createdAt.getTime()) / 1000;
          // Verifiers keep a set for 600 s, maybe from a cache that kept the answer, of a replica that was 30 s behind.
          if (signer.id !== '0') expect(knownFor).toBeGreaterThanOrEqual(630 + KEY_SET_MAX_AGE_SECONDS);
          expect(isShown(signer, later(time, 3_600))).toBe(true);
        }
      },
    ),
  );
});
