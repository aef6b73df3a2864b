import type { SealedTable } from '@strongroom/keys/sealed-table';
import { contentAddress } from '../domain/content.ts';

interface SealedVersionRow {
  secret_id: string;
  version: number;
  wrapped_key: Buffer;
}

/** The versions of secrets, for the rotation of keys. */
export const sealedVersions: SealedTable = {
  table: 'secret_versions',

  async count(db, keyId) {
    const [row] = await db.query<{ count: number }>(
      'SELECT count(*)::integer AS count FROM secret_versions WHERE key_id = $1',
      [keyId],
    );
    return row?.count ?? 0;
  },

  async take(tx, keyId, after, limit) {
    const [secretId = '00000000-0000-0000-0000-000000000000', version = 0] = after ?? [];
    const rows = await tx.query<SealedVersionRow>(
      `SELECT secret_id, version, wrapped_key FROM secret_versions
       WHERE key_id = $1 AND (secret_id, version) > ($2::uuid, $3::integer)
       ORDER BY secret_id, version LIMIT $4 FOR NO KEY UPDATE SKIP LOCKED`,
      [keyId, secretId, version, limit],
    );
    return rows.map(row => ({
      position: [row.secret_id, row.version],
      wrappedKey: row.wrapped_key,
      address: contentAddress({ id: row.secret_id, version: row.version }),
    }));
  },

  async put(tx, keyId, rows) {
    await tx.query(
      `UPDATE secret_versions v SET key_id = $1, wrapped_key = r.wrapped_key
       FROM unnest($2::uuid[], $3::integer[], $4::bytea[]) AS r (secret_id, version, wrapped_key)
       WHERE v.secret_id = r.secret_id AND v.version = r.version`,
      [
        keyId,
        rows.map(({ position }) => position[0]),
        rows.map(({ position }) => position[1]),
        rows.map(({ wrappedKey }) => wrappedKey),
      ],
    );
  },
};
