import { openValue, packEnvelope, sealValue, unpackEnvelope } from '@strongroom/crypto/envelope';
import type { Keyring } from '@strongroom/crypto/keyring';

/** Small values that auth must be able to read again, each bound to its row. */
export type SealedColumn =
  | { table: 'api_clients'; field: 'secret' }
  | { table: 'oauth_clients'; field: 'secret' }
  | { table: 'signing_keys'; field: 'private_key' };

const address = (column: SealedColumn, objectId: string) => ({
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
): Buffer => packEnvelope(sealValue(keyring, Buffer.from(secret), address(column, objectId)));

export const openSecret = (
  keyring: Keyring,
  column: SealedColumn,
  objectId: string,
  sealed: Buffer,
): string => openValue(keyring, unpackEnvelope(sealed), address(column, objectId)).toString('utf8');
