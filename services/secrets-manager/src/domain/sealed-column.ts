import type { Keyring } from '@strongroom/crypto/keyring';
import type { LiveKeyring } from '@strongroom/keys/live-keyring';
import { openText, sealText } from '@strongroom/keys/packed-values';
import type { AccountKey } from './account-path.ts';

/** Small values that must be readable again, each bound to its row. */
export type SealedColumn =
  | { table: 'hosts'; field: 'passphrases' }
  | { table: 'host_secrets'; field: 'main_password' }
  | { table: 'accounts'; field: 'initial_password' }
  | { table: 'target_domains'; field: 'endpoint_secrets' };

export const sealedAddress = (column: SealedColumn, objectId: string) => ({
  schema: 'secrets_manager',
  ...column,
  objectId,
  version: 1,
});

/** An account has no id of its own. */
export const accountObjectId = ({ systemId, account }: AccountKey): string => `${systemId}/${account}`;

export const sealColumn = (
  keyring: Keyring,
  column: SealedColumn,
  objectId: string,
  secret: string,
): Buffer => sealText(keyring, secret, sealedAddress(column, objectId));

export const openColumn = (
  keyring: Keyring & Pick<LiveKeyring, 'have'>,
  column: SealedColumn,
  objectId: string,
  sealed: Buffer,
): Promise<string> => openText(keyring, sealed, sealedAddress(column, objectId));
