import { describe, expect, test } from '@jest/globals';
import { localAccountName, passwordReadings } from './account-name.ts';

describe('the name of a local account', () => {
  test.each([
    ['svc', '', 'svc'],
    ['svc', 'Local', 'svc'],
    ['svc', ' LOCAL ', 'svc'],
    ['local\\svc', '', 'svc'],
    ['\\svc', '', 'svc'],
    ['LOCAL\\svc', 'local', 'svc'],
    ['local\\a\\b', '', 'a\\b'],
  ])('%j with the domain %j is %j', (username, domain, name) => {
    expect(localAccountName(username, domain)).toBe(name);
  });

  test.each([
    ['svc', 'corp'],
    ['corp\\svc', ''],
    ['corp\\svc', 'local'],
    ['local\\svc', 'corp'],
    ['localhost\\svc', ''],
  ])('%j with the domain %j is of a domain that is not ours', (username, domain) => {
    expect(localAccountName(username, domain)).toBeUndefined();
  });
});

test('a blank in a password may have been a plus sign, all else is what it is', () => {
  expect(passwordReadings('tall green ladders')).toEqual(['tall green ladders', 'tall+green+ladders']);
  expect(passwordReadings('a+b%41')).toEqual(['a+b%41']);
  expect(passwordReadings('')).toEqual(['']);
});
