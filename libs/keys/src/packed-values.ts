import {
  openValue,
  PACKED_HEAD_BYTES,
  packedHead,
  packedWrappedKey,
  packEnvelope,
  sealValue,
  unpackEnvelope,
  type ValueAddress,
} from '@strongroom/crypto/envelope';
import type { Keyring } from '@strongroom/crypto/keyring';
import type { LiveKeyring } from './live-keyring.ts';
import type { SealedTable } from './sealed-table.ts';

/** Small texts that must be readable again, each packed with its data key into one column and bound to its address. */

export const sealText = (keyring: Keyring, text: string, address: ValueAddress): Buffer =>
  packEnvelope(sealValue(keyring, Buffer.from(text), address));

/** Asynchronous, since a key may have to be looked up first. */
export async function openText(
  keyring: Keyring & Pick<LiveKeyring, 'have'>,
  packed: Buffer,
  address: ValueAddress,
): Promise<string> {
  const envelope = unpackEnvelope(packed);
  await keyring.have(envelope.keyId);
  return openValue(keyring, envelope, address).toString('utf8');
}

/** Names of a table and a column, and SQL for the object id that its values are bound to: constants, never input. */
export interface PackedColumn {
  readonly table: string;
  readonly column: string;
  /** `id::text` unless stated; ids are UUIDs in some tables and texts in others. */
  readonly id?: string;
  readonly addressOf: (objectId: string) => ValueAddress;
}

/** A column of such values, for the rotation of keys. The texts are made once, of these names alone. */
export function packedColumn({ table, column, id = 'id::text', addressOf }: PackedColumn): SealedTable {
  const count = `SELECT count(*)::integer AS count FROM ${table} WHERE packed_key_id(${column}) = $1`;
  const take = `SELECT ${id} AS object_id, ${column} AS packed FROM ${table}
    WHERE packed_key_id(${column}) = $1 AND ${id} > $2 ORDER BY ${id} LIMIT $3 FOR NO KEY UPDATE SKIP LOCKED`;
  const put = `UPDATE ${table} SET ${column} = r.head || substr(${column}, $3 + 1)
    FROM unnest($1::text[], $2::bytea[]) AS r (object_id, head) WHERE ${id} = r.object_id`;
  return {
    table,
    async count(db, keyId) {
      const [row] = await db.query<{ count: number }>(count, [keyId]);
      return row?.count ?? 0;
    },
    async take(tx, keyId, after, limit) {
      const rows = await tx.query<{ object_id: string; packed: Buffer }>(take, [
        keyId,
        after?.[0] ?? '',
        limit,
      ]);
      return rows.map(row => ({
        position: [row.object_id],
        wrappedKey: packedWrappedKey(row.packed),
        address: addressOf(row.object_id),
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
