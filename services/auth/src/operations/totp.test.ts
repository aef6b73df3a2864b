import { describe, expect, test } from '@jest/globals';
import { generateSync } from 'otplib';
import { makeTotpSeed, matchTotpStep, totpUri } from './totp.ts';

/** RFC 6238, appendix B, SHA-1: the seed `12345678901234567890` in base 32; of eight digits we use the last six. */
const RFC_SEED = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ';
const VECTORS: [number, string][] = [
  [59, '94287082'],
  [1_111_111_109, '07081804'],
  [1_111_111_111, '14050471'],
  [1_234_567_890, '89005924'],
  [2_000_000_000, '69279037'],
  [20_000_000_000, '65353130'],
];
const at = (epoch: number) => new Date(epoch * 1_000);

test.each(VECTORS)('RFC 6238 at %d', (epoch, eightDigits) => {
  expect(matchTotpStep(RFC_SEED, eightDigits.slice(2), at(epoch))).toBe(Math.floor(epoch / 30));
});

describe('the window', () => {
  const step = 60_000_000;
  const code = generateSync({ secret: RFC_SEED, epoch: step * 30 });

  test.each([
    ['first second of the step before', (step - 1) * 30, true],
    ['last second before that', (step - 1) * 30 - 1, false],
    ['own step', step * 30, true],
    ['last second of the step after', (step + 2) * 30 - 1, true],
    ['first second after that', (step + 2) * 30, false],
  ])('%s', (_name, epoch, accepted) => {
    expect(matchTotpStep(RFC_SEED, code, at(epoch))).toBe(accepted ? step : undefined);
  });
});

test('nothing but a code matches', () => {
  for (const text of ['', '0', '28708', '2870822', 'abcdef', '287 08x']) {
    expect(matchTotpStep(RFC_SEED, text, at(59))).toBeUndefined();
  }
  expect(matchTotpStep(RFC_SEED, ' 287-082 ', at(59))).toBe(1);
  expect(matchTotpStep(RFC_SEED, '２８７０８２', at(59))).toBe(1);
  expect(matchTotpStep(RFC_SEED, '287083', at(59))).toBeUndefined();
});

test('a seed has 160 bits and is never the same', () => {
  expect(makeTotpSeed()).toMatch(/^[A-Z2-7]{32}$/);
  expect(makeTotpSeed()).not.toBe(makeTotpSeed());
});

test('the key URI names installation and person, whatever they are called', () => {
  const uri = new URL(totpUri('https://vault.example:8443/x', 'a:b/é?&', RFC_SEED));
  expect([uri.protocol, uri.host]).toEqual(['otpauth:', 'totp']);
  expect(decodeURIComponent(uri.pathname)).toBe('/Strongroom vault.example:a b/é?&');
  expect(Object.fromEntries(uri.searchParams)).toEqual({
    secret: RFC_SEED,
    issuer: 'Strongroom vault.example',
  });
});
