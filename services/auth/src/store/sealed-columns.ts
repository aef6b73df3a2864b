import { PACKED_HEAD_BYTES, packedHead, packedWrappedKey } from '@strongroom/crypto/envelope';
import type { SealedTable } from '@strongroom/keys/sealed-table';
import { sealedAddress, type SealedColumn } from '../domain/sealed-secret.ts';

/** A column of packed envelopes, for the rotation of keys. The texts are made once, of these names alone. */
function sealedColumn(column: SealedColumn): SealedTable {
  const { table } = column;
  const name = `sealed_${column.field}`;
  const count = `SELECT count(*)::integer AS count FROM ${table} WHERE packed_key_id(${name}) = $1`;
  // Ids are UUIDs in some tables and texts in others.
  const take = `SELECT id::text AS id, ${name} AS packed FROM ${table}
    WHERE packed_key_id(${name}) = $1 AND id::text > $2 ORDER BY id::text LIMIT $3 FOR NO KEY UPDATE SKIP LOCKED`;
  const put = `UPDATE ${table} t SET ${name} = r.head || substr(t.${name}, $3 + 1)
    FROM unnest($1::text[], $2::bytea[]) AS r (id, head) WHERE t.id::text = r.id`;
  return {
    table,
    async count(db, keyId) {
      const [row] = await db.query<{ count: number }>(count, [keyId]);
      return row?.count ?? 0;
    },
    async take(tx, keyId, after, limit) {
      const rows = await tx.query<{ id: string; packed: Buffer }>(take, [keyId, after?.[0] ?? '', limit]);
      return rows.map(({ id, packed }) => ({
        position: [id],
        wrappedKey: packedWrappedKey(packed),
        address: sealedAddress(column, id),
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
