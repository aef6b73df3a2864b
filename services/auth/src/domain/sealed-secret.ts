import type { Keyring } from '@strongroom/crypto/keyring';
import type { LiveKeyring } from '@strongroom/keys/live-keyring';
import { openText, sealText } from '@strongroom/keys/packed-values';

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
): Buffer => sealText(keyring, secret, sealedAddress(column, objectId));

export const openSecret = (
  keyring: Keyring & Pick<LiveKeyring, 'have'>,
  column: SealedColumn,
  objectId: string,
  sealed: Buffer,
): Promise<string> => openText(keyring, sealed, sealedAddress(column, objectId));
