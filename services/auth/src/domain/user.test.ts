import { expect, test } from '@jest/globals';
import { isReservedUsername } from './user.ts';

test.each([
  'current',
  ' Current ',
  'ｃｕｒｒｅｎｔ',
  'cur\u00adrent',
  'SYSTEM',
  'strongroom-vault',
  'Strongroom-Anything',
  'a0000000-0000-4000-8000-000000000000',
  'A0000000-0000-4000-8000-000000000000',
  '\u200b',
])('%j is reserved', name => {
  expect(isReservedUsername(name)).toBe(true);
});

test.each(['alice', 'currently', 'strongroom', 'a0000000-0000-4000-8000', 'admin'])('%s is free', name => {
  expect(isReservedUsername(name)).toBe(false);
});
