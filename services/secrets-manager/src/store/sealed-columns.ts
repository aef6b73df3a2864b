import { packedColumn } from '@strongroom/keys/packed-values';
import type { SealedTable } from '@strongroom/keys/sealed-table';
import { sealedAddress, type SealedColumn } from '../domain/sealed-column.ts';

const sealedColumn = (column: SealedColumn, id?: string): SealedTable =>
  packedColumn({
    table: column.table,
    column: `sealed_${column.field}`,
    addressOf: objectId => sealedAddress(column, objectId),
    ...(id === undefined ? {} : { id }),
  });

/** All tables with sealed values: what is missing here is not re-wrapped, and lost with its key. */
export const SEALED_COLUMNS: readonly SealedTable[] = [
  sealedColumn({ table: 'hosts', field: 'passphrases' }),
  sealedColumn({ table: 'host_secrets', field: 'main_password' }, 'host_id::text'),
  // As accountObjectId makes it.
  sealedColumn({ table: 'accounts', field: 'initial_password' }, `system_id::text || '/' || account`),
  sealedColumn({ table: 'target_domains', field: 'endpoint_secrets' }),
];
