import { PACKED_HEAD_BYTES, packedHead, packedWrappedKey } from '@strongroom/crypto/envelope';
import type { SealedTable } from '@strongroom/keys/sealed-table';
import { sealedAddress, type SealedColumn } from '../domain/sealed-column.ts';

/**
 * A column of packed envelopes, for the rotation of keys. `id` is SQL for the object id that its values are bound to.
 * The texts are made once, of these names alone.
 */
function sealedColumn(column: SealedColumn, id: string): SealedTable {
  const { table } = column;
  const name = `sealed_${column.field}`;
  const count = `SELECT count(*)::integer AS count FROM ${table} WHERE packed_key_id(${name}) = $1`;
  const take = `SELECT ${id} AS id, ${name} AS packed FROM ${table}
    WHERE packed_key_id(${name}) = $1 AND ${id} > $2 ORDER BY ${id} LIMIT $3 FOR NO KEY UPDATE SKIP LOCKED`;
  const put = `UPDATE ${table} SET ${name} = r.head || substr(${name}, $3 + 1)
    FROM unnest($1::text[], $2::bytea[]) AS r (object_id, head) WHERE ${id} = r.object_id`;
  return {
    table,
    async count(db, keyId) {
      const [row] = await db.query<{ count: number }>(count, [keyId]);
      return row?.count ?? 0;
    },
    async take(tx, keyId, after, limit) {
      const rows = await tx.query<{ id: string; packed: Buffer }>(take, [keyId, after?.[0] ?? '', limit]);
      return rows.map(row => ({
        position: [row.id],
        wrappedKey: packedWrappedKey(row.packed),
        address: sealedAddress(column, row.id),
      }));
    },
    async put(tx, keyId, rows) {
      await tx.query(put, [
        rows.map(({ position }) => position[0]),
        rows.map(({ wrappedKey }) => packedHead({ keyId, wrappedKey })),
        PACKED_HEAD_BYTES,
      ]);
    },
  };
}

/** All tables with sealed values: what is missing here is not re-wrapped, and lost with its key. */
export const SEALED_COLUMNS: readonly SealedTable[] = [
  sealedColumn({ table: 'hosts', field: 'passphrases' }, 'id::text'),
  sealedColumn({ table: 'host_secrets', field: 'main_password' }, 'host_id::text'),
  // As accountObjectId makes it.
  sealedColumn({ table: 'accounts', field: 'initial_password' }, `host_id::text || '/' || account`),
];
