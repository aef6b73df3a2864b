import type { Keyring } from '@strongroom/crypto/keyring';
import { openBeside, openDataKey, sealBeside, type WrappedKey } from '@strongroom/crypto/sealed-stream';
import type { SecretBytes } from '@strongroom/crypto/secret-bytes';
import type { LiveKeyring } from '@strongroom/keys/live-keyring';
import { fileAddress, type FileDescription } from './file.ts';

/** Asynchronous, since a key may have to be looked up first. */
export async function openFileKey(
  keyring: Keyring & Pick<LiveKeyring, 'have'>,
  secretId: string,
  { id, key }: { id: string; key: WrappedKey },
): Promise<SecretBytes> {
  await keyring.have(key.keyId);
  return openDataKey(keyring, key, fileAddress(secretId, id));
}

export const sealDescription = (dataKey: SecretBytes, secretId: string, file: FileDescription): Buffer =>
  sealBeside(dataKey, Buffer.from(JSON.stringify(file)), fileAddress(secretId, file.id));

export const openDescription = (
  dataKey: SecretBytes,
  secretId: string,
  { id, description }: { id: string; description: Buffer },
): FileDescription =>
  JSON.parse(openBeside(dataKey, description, fileAddress(secretId, id)).toString('utf8')) as FileDescription;
