import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  effectiveRoles,
  folderPathOf,
  INHERITING,
  isBelow,
  movedName,
  pathsDownTo,
  sameFolderRoles,
} from './folder.ts';
import {
  fitsName,
  MAX_NAME_DEPTH,
  MAX_NAME_LENGTH,
  parseFolderPath,
  parseSecretName,
} from './secret-name.ts';

const path = fc
  .array(fc.string({ unit: fc.constantFrom('a', 'b', ' ', 'é', '😀', '.'), minLength: 1, maxLength: 3 }), {
    minLength: 1,
    maxLength: 4,
  })
  .map(segments => segments.map(segment => `x${segment}x`).join('/'));

test('a folder is what stands before the last slash of a name, and has all those above it', () => {
  expect([folderPathOf('a'), folderPathOf('a/b'), folderPathOf('a/b/c')]).toEqual([undefined, 'a', 'a/b']);
  expect(pathsDownTo('a/b/c')).toEqual(['a', 'a/b', 'a/b/c']);
});

test('what is in a folder is in it after a move, and nothing else is', () => {
  fc.assert(
    fc.property(path, path, path, (from, to, rest) => {
      const moved = movedName(`${from}/${rest}`, from, to);
      expect(moved).toBe(`${to}/${rest}`);
      expect(isBelow(moved, to)).toBe(true);
      expect(isBelow(to, to)).toBe(false);
      expect(isBelow(`${to}${rest}`, to)).toBe(false);
      expect(movedName(moved, to, from)).toBe(`${from}/${rest}`);
    }),
  );
});

test('a name that fits where it is moved to is a name there', () => {
  const long = fc.integer({ min: 1, max: MAX_NAME_LENGTH }).map(length => 'x'.repeat(length));
  const deep = fc.integer({ min: 1, max: MAX_NAME_DEPTH }).map(depth => Array(depth).fill('x').join('/'));
  const some = fc.oneof(path, long, deep);
  const isName = (name: string) => {
    try {
      return parseSecretName(name) === name;
    } catch {
      return false;
    }
  };
  fc.assert(
    fc.property(some, some, (to, rest) => {
      fc.pre(isName(rest) && isName(to));
      expect(isName(`${to}/${rest}`)).toBe(fitsName(`${to}/${rest}`));
    }),
  );
});

test('a folder has room for a name in it', () => {
  const longest = 'x'.repeat(MAX_NAME_LENGTH - 2);
  const deepest = Array(MAX_NAME_DEPTH - 1)
    .fill('x')
    .join('/');
  for (const folder of [longest, deepest]) {
    expect(parseSecretName(`${parseFolderPath(folder)}/x`)).toBe(`${folder}/x`);
  }
  expect(() => parseFolderPath(`${longest}x`)).toThrow('path must have');
  expect(() => parseFolderPath(`${deepest}/x`)).toThrow('path must have');
});

describe('who may read and write', () => {
  const above = { effectiveReadRoles: ['r1', 'r2'], effectiveWriteRoles: ['w1'] };
  const own = { readRoles: ['r2', 'r3'], writeRoles: [], inherits: true };

  test('is what counts above and what is said here, each once, unless it does not inherit', () => {
    expect(effectiveRoles(own, above)).toEqual({
      effectiveReadRoles: ['r1', 'r2', 'r3'],
      effectiveWriteRoles: ['w1'],
    });
    expect(effectiveRoles({ ...own, inherits: false }, above)).toEqual({
      effectiveReadRoles: ['r2', 'r3'],
      effectiveWriteRoles: [],
    });
    expect(effectiveRoles(own, undefined).effectiveReadRoles).toEqual(['r2', 'r3']);
  });

  test('is the same in any order', () => {
    expect(sameFolderRoles(own, { ...own, readRoles: ['r3', 'r2'] })).toBe(true);
    expect(sameFolderRoles(own, { ...own, readRoles: ['r3'] })).toBe(false);
    expect(sameFolderRoles(own, { ...own, writeRoles: ['r3'] })).toBe(false);
    expect(sameFolderRoles(INHERITING, { ...INHERITING, inherits: false })).toBe(false);
  });
});
