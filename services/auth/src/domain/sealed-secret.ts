import { openValue, packEnvelope, sealValue, unpackEnvelope } from '@strongroom/crypto/envelope';
import type { Keyring } from '@strongroom/crypto/keyring';
import type { LiveKeyring } from '@strongroom/keys/live-keyring';

/** Small values that auth must be able to read again, each bound to its row. */
export type SealedColumn =
  | { table: 'api_clients'; field: 'secret' }
  | { table: 'oauth_clients'; field: 'secret' }
  | { table: 'signing_keys'; field: 'private_key' }
  | { table: 'users'; field: 'totp_seed' }
  | { table: 'sources'; field: 'connection' }
  | { table: 'principal_keys'; field: 'private_key' }
  | { table: 'trusted_clients'; field: 'secret' | 'oauth_secret' }
  | { table: 'idp_clients'; field: 'secret' };

export const sealedAddress = (column: SealedColumn, objectId: string) => ({
  schema: 'auth',
  ...column,
  objectId,
  version: 1,
});

export const sealSecret = (
  keyring: Keyring,
  column: SealedColumn,
  objectId: string,
  secret: string,
): Buffer => packEnvelope(sealValue(keyring, Buffer.from(secret), sealedAddress(column, objectId)));

/** Asynchronous, since a key may have to be looked up first. */
export async function openSecret(
  keyring: Keyring & Pick<LiveKeyring, 'have'>,
  column: SealedColumn,
  objectId: string,
  sealed: Buffer,
): Promise<string> {
  const envelope = unpackEnvelope(sealed);
  await keyring.have(envelope.keyId);
  return openValue(keyring, envelope, sealedAddress(column, objectId)).toString('utf8');
}
