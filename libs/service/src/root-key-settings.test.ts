import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { readSettings } from '@strongroom/config/settings';
import { readRootKeys } from './root-key-settings.ts';

const key = Buffer.alloc(32, 7);
const next = Buffer.alloc(32, 8);
let directory: string;
beforeAll(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'strongroom-root-key-'));
});
afterAll(() => rmSync(directory, { recursive: true }));

function read(environment: Record<string, string>) {
  const settings = readSettings({ STRONGROOM_ROOT_KEY: key.toString('base64url'), ...environment });
  const keys = readRootKeys(settings);
  settings.finish();
  return keys;
}

test('a root key alone has no next one', () => {
  const keys = read({});
  expect(keys.rootKey.reveal()).toEqual(key);
  expect(keys.newRootKey()).toBeUndefined();
});

test('the next one may be a value, or a file that comes later', () => {
  expect(
    read({ STRONGROOM_NEW_ROOT_KEY: next.toString('base64url') })
      .newRootKey()
      ?.reveal(),
  ).toEqual(next);
  const file = path.join(directory, 'new-root.key');
  const { newRootKey } = read({ STRONGROOM_NEW_ROOT_KEY_FILE: file });
  expect(newRootKey()).toBeUndefined();
  writeFileSync(file, `${next.toString('base64url')}\n`);
  expect(newRootKey()?.reveal()).toEqual(next);
});

test('what is no key is refused without telling it', () => {
  const file = path.join(directory, 'plum.key');
  writeFileSync(file, 'plum');
  expect(() => read({ STRONGROOM_ROOT_KEY: 'plum' })).toThrow(/STRONGROOM_ROOT_KEY must be 32 bytes/);
  let refusal: unknown;
  try {
    read({ STRONGROOM_NEW_ROOT_KEY_FILE: file }).newRootKey();
  } catch (error) {
    refusal = error;
  }
  expect(refusal).toMatchObject({ kind: 'conflict', code: 'NEW_ROOT_KEY_INVALID' });
  expect(String(refusal)).not.toContain('plum');
});
