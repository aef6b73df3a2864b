import { type Envelope, type ValueAddress, openValue, sealValue } from '@strongroom/crypto/envelope';
import type { Keyring } from '@strongroom/crypto/keyring';
import { tooLarge } from '@strongroom/errors/common-errors';
import type { LiveKeyring } from '@strongroom/keys/live-keyring';
import { MAX_DATA_BYTES, type Secret, type SecretData } from './secret.ts';

/** The content of a secret is its `data` object as JSON, sealed for this secret and this version only. */
export const contentAddress = (secret: Pick<Secret, 'id' | 'version'>): ValueAddress => ({
  schema: 'vault',
  table: 'secret_versions',
  objectId: secret.id,
  version: secret.version,
  field: 'data',
});

export function sealContent(
  keyring: Keyring,
  secret: Pick<Secret, 'id' | 'version'>,
  data: SecretData,
): Envelope {
  const content = Buffer.from(JSON.stringify(data));
  if (content.length > MAX_DATA_BYTES)
    throw tooLarge(`data must have at most ${MAX_DATA_BYTES} bytes`, 'data');
  return sealValue(keyring, content, contentAddress(secret));
}

/** Asynchronous, since a key may have to be looked up first. */
export async function openContent(
  keyring: Keyring & Pick<LiveKeyring, 'have'>,
  secret: Pick<Secret, 'id' | 'version'>,
  envelope: Envelope,
): Promise<SecretData> {
  await keyring.have(envelope.keyId);
  return JSON.parse(openValue(keyring, envelope, contentAddress(secret)).toString('utf8')) as SecretData;
}
