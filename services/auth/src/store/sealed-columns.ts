import { packedColumn } from '@strongroom/keys/packed-values';
import type { SealedTable } from '@strongroom/keys/sealed-table';
import { sealedAddress, type SealedColumn } from '../domain/sealed-secret.ts';

const sealedColumn = (column: SealedColumn): SealedTable =>
  packedColumn({
    table: column.table,
    column: `sealed_${column.field}`,
    addressOf: objectId => sealedAddress(column, objectId),
  });

/** All tables with sealed values: what is missing here is not re-wrapped. */
export const SEALED_COLUMNS: readonly SealedTable[] = [
  sealedColumn({ table: 'signing_keys', field: 'private_key' }),
  sealedColumn({ table: 'oauth_clients', field: 'secret' }),
  sealedColumn({ table: 'api_clients', field: 'secret' }),
  sealedColumn({ table: 'sources', field: 'connection' }),
  sealedColumn({ table: 'users', field: 'totp_seed' }),
  sealedColumn({ table: 'principal_keys', field: 'private_key' }),
  sealedColumn({ table: 'trusted_clients', field: 'secret' }),
  sealedColumn({ table: 'trusted_clients', field: 'oauth_secret' }),
  sealedColumn({ table: 'idp_clients', field: 'secret' }),
];
