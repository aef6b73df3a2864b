import { openValue, packEnvelope, sealValue, unpackEnvelope } from '@strongroom/crypto/envelope';
import type { Keyring } from '@strongroom/crypto/keyring';
import type { LiveKeyring } from '@strongroom/keys/live-keyring';

/** Small values that must be readable again, each bound to its row. */
export type SealedColumn =
  | { table: 'hosts'; field: 'passphrases' }
  | { table: 'host_secrets'; field: 'main_password' }
  | { table: 'accounts'; field: 'initial_password' };

export const sealedAddress = (column: SealedColumn, objectId: string) => ({
  schema: 'secrets_manager',
  ...column,
  objectId,
  version: 1,
});

/** An account has no id of its own. */
export const accountObjectId = (hostId: string, account: string): string => `${hostId}/${account}`;

export const sealColumn = (
  keyring: Keyring,
  column: SealedColumn,
  objectId: string,
  secret: string,
): Buffer => packEnvelope(sealValue(keyring, Buffer.from(secret), sealedAddress(column, objectId)));

/** Asynchronous, since a key may have to be looked up first. */
export async function openColumn(
  keyring: Keyring & Pick<LiveKeyring, 'have'>,
  column: SealedColumn,
  objectId: string,
  sealed: Buffer,
): Promise<string> {
  const envelope = unpackEnvelope(sealed);
  await keyring.have(envelope.keyId);
  return openValue(keyring, envelope, sealedAddress(column, objectId)).toString('utf8');
}
