import { describe, expect, test } from '@jest/globals';
import type { Caller } from '@strongroom/contracts/caller';
import { mayKnow, mayManage, mayRead, mayWrite, sameRoles } from './secret.ts';

const caller = (roles: string[], ...permissions: string[]): Caller => ({
  id: 'someone',
  kind: 'api-client',
  name: 'someone',
  sessionId: 'session',
  clientId: 'privx-external',
  authTime: 0,
  authMethods: [],
  roles,
  permissions: new Set(permissions),
});

const secret = { readRoles: ['readers', 'both'], writeRoles: ['writers', 'both'] };

describe('rights on a secret (contract 2.6)', () => {
  test.each([
    ['nobody', caller([]), [false, false, false, false]],
    ['another role', caller(['others']), [false, false, false, false]],
    ['a reader', caller(['others', 'readers']), [true, false, false, true]],
    ['a writer', caller(['writers']), [false, true, false, true]],
    ['a role on both lists', caller(['both']), [true, true, false, true]],
    ['vault-add alone', caller([], 'vault-add'), [false, false, false, false]],
    // The permission to manage does not open a secret.
    ['vault-manage alone', caller([], 'vault-manage'), [false, true, true, true]],
    ['vault-manage and a reader', caller(['readers'], 'vault-manage'), [true, true, true, true]],
  ])('%s: read, write, manage, know', (_who, who, rights) => {
    expect([mayRead(who, secret), mayWrite(who, secret), mayManage(who), mayKnow(who, secret)]).toEqual(
      rights,
    );
  });

  test('without roles on it, only who manages may know of it', () => {
    const bare = { readRoles: [], writeRoles: [] };
    expect(mayKnow(caller(['readers']), bare)).toBe(false);
    expect(mayRead(caller(['readers'], 'vault-manage'), bare)).toBe(false);
    expect(mayKnow(caller([], 'vault-manage'), bare)).toBe(true);
  });
});

test('role lists are compared as lists', () => {
  const lists = { readRoles: ['a', 'b'], writeRoles: [] };
  expect(sameRoles(lists, { readRoles: ['a', 'b'], writeRoles: [] })).toBe(true);
  expect(sameRoles(lists, { readRoles: ['b', 'a'], writeRoles: [] })).toBe(false);
  expect(sameRoles(lists, { readRoles: ['a'], writeRoles: [] })).toBe(false);
  expect(sameRoles(lists, { readRoles: ['a', 'b'], writeRoles: ['a'] })).toBe(false);
});
