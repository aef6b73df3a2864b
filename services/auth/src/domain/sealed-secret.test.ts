import { randomBytes } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { createKeyring } from '@strongroom/crypto/keyring';
import { SecretBytes } from '@strongroom/crypto/secret-bytes';
import { openSecret, sealSecret, type SealedColumn } from './sealed-secret.ts';

const newKeyring = () => ({
  ...createKeyring(new Map([[1, new SecretBytes(randomBytes(32))]]), 1),
  have: () => undefined,
});
const keyring = newKeyring();
const column: SealedColumn = { table: 'api_clients', field: 'secret' };
const id = 'b0000000-0000-4000-8000-000000000000';

test('a sealed secret opens in its own row and column only', async () => {
  const sealed = sealSecret(keyring, column, id, 'pässword');
  expect(await openSecret(keyring, column, id, sealed)).toBe('pässword');
  expect(sealed.includes('pässword')).toBe(false);
  const failed = expect.objectContaining({ code: 'DECRYPTION_FAILED' });
  await expect(openSecret(keyring, column, id.replace('b', 'c'), sealed)).rejects.toThrow(failed);
  await expect(openSecret(keyring, column, id.toUpperCase(), sealed)).rejects.toThrow(failed);
  await expect(openSecret(keyring, { table: 'oauth_clients', field: 'secret' }, id, sealed)).rejects.toThrow(
    failed,
  );
  await expect(openSecret(keyring, column, id, sealed.subarray(1))).rejects.toThrow(failed);
  const other = newKeyring();
  await expect(openSecret(other, column, id, sealed)).rejects.toThrow(failed);
});
