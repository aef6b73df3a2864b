import { randomBytes } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { createKeyring } from '@strongroom/crypto/keyring';
import { SecretBytes } from '@strongroom/crypto/secret-bytes';
import { openSecret, sealSecret, type SealedColumn } from './sealed-secret.ts';

const keyring = createKeyring(new Map([[1, new SecretBytes(randomBytes(32))]]), 1);
const column: SealedColumn = { table: 'api_clients', field: 'secret' };
const id = 'b0000000-0000-4000-8000-000000000000';

test('a sealed secret opens in its own row and column only', () => {
  const sealed = sealSecret(keyring, column, id, 'pässword');
  expect(openSecret(keyring, column, id, sealed)).toBe('pässword');
  expect(sealed.includes('pässword')).toBe(false);
  const failed = expect.objectContaining({ code: 'DECRYPTION_FAILED' });
  expect(() => openSecret(keyring, column, id.replace('b', 'c'), sealed)).toThrow(failed);
  expect(() => openSecret(keyring, column, id.toUpperCase(), sealed)).toThrow(failed);
  expect(() => openSecret(keyring, { table: 'oauth_clients', field: 'secret' }, id, sealed)).toThrow(failed);
  expect(() => openSecret(keyring, column, id, sealed.subarray(1))).toThrow(failed);
  const other = createKeyring(new Map([[1, new SecretBytes(randomBytes(32))]]), 1);
  expect(() => openSecret(other, column, id, sealed)).toThrow(failed);
});
