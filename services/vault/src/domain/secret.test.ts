import { describe, expect, test } from '@jest/globals';
import type { Caller } from '@strongroom/contracts/caller';
import { mayAdminister, mayKnow, mayManage, mayRead, mayWrite, sameRoles } from './secret.ts';

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

const secret = {
  ownerId: undefined,
  readRoles: ['readers', 'both'],
  writeRoles: ['writers', 'both'],
  inheritedReadRoles: ['readers of the folder'],
  inheritedWriteRoles: ['writers of the folder'],
};

describe('rights on a secret (contract 2.6)', () => {
  test.each([
    ['nobody', caller([]), [false, false, false, false]],
    ['another role', caller(['others']), [false, false, false, false]],
    ['a reader', caller(['others', 'readers']), [true, false, false, true]],
    ['a writer', caller(['writers']), [false, true, false, true]],
    ['a reader of its folder', caller(['readers of the folder']), [true, false, false, true]],
    ['a writer of its folder', caller(['writers of the folder']), [false, true, false, true]],
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
    const bare = {
      ownerId: undefined,
      readRoles: [],
      writeRoles: [],
      inheritedReadRoles: [],
      inheritedWriteRoles: [],
    };
    expect(mayKnow(caller(['readers']), bare)).toBe(false);
    expect(mayRead(caller(['readers'], 'vault-manage'), bare)).toBe(false);
    expect(mayKnow(caller([], 'vault-manage'), bare)).toBe(true);
  });
});

describe('a personal secret (contract 2.3)', () => {
  // Its roles, if somebody planted some, count for nothing.
  const personal = { ...secret, ownerId: 'someone' };
  const other = { ...personal, ownerId: 'somebody else' };

  test.each([
    ['its owner', caller([]), personal, [true, true, true, true]],
    ['somebody else', caller(['readers', 'writers']), other, [false, false, false, false]],
    ['vault-manage', caller([], 'vault-manage'), other, [true, true, true, true]],
  ])('%s: read, write, administer, know', (_who, who, which, rights) => {
    expect([
      mayRead(who, which),
      mayWrite(who, which),
      mayAdminister(who, which),
      mayKnow(who, which),
    ]).toEqual(rights);
  });
});

test('role lists are compared as lists', () => {
  const lists = { readRoles: ['a', 'b'], writeRoles: [] };
  expect(sameRoles(lists, { readRoles: ['a', 'b'], writeRoles: [] })).toBe(true);
  expect(sameRoles(lists, { readRoles: ['b', 'a'], writeRoles: [] })).toBe(false);
  expect(sameRoles(lists, { readRoles: ['a'], writeRoles: [] })).toBe(false);
  expect(sameRoles(lists, { readRoles: ['a', 'b'], writeRoles: ['a'] })).toBe(false);
});
