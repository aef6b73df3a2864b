import { openValue, packEnvelope, sealValue, unpackEnvelope } from '@strongroom/crypto/envelope';
import type { Keyring } from '@strongroom/crypto/keyring';

/** Small values that must be readable again, each bound to its row. */
export type SealedColumn =
  | { table: 'hosts'; field: 'passphrases' }
  | { table: 'host_secrets'; field: 'main_password' }
  | { table: 'accounts'; field: 'initial_password' };

const address = (column: SealedColumn, objectId: string) => ({
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
): Buffer => packEnvelope(sealValue(keyring, Buffer.from(secret), address(column, objectId)));

export const openColumn = (
  keyring: Keyring,
  column: SealedColumn,
  objectId: string,
  sealed: Buffer,
): string => openValue(keyring, unpackEnvelope(sealed), address(column, objectId)).toString('utf8');
