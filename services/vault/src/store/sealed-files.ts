import type { SealedTable } from '@strongroom/keys/sealed-table';
import { fileAddress } from '../domain/file.ts';

interface SealedFileRow {
  id: string;
  secret_id: string;
  wrapped_key: Buffer;
}

/** The files of secrets, uploads included, for the rotation of keys. Their chunks are under their data keys alone. */
export const sealedFiles: SealedTable = {
  table: 'files',

  async count(db, keyId) {
    const [row] = await db.query<{ count: number }>(
      'SELECT count(*)::integer AS count FROM files WHERE key_id = $1',
      [keyId],
    );
    return row?.count ?? 0;
  },

  async take(tx, keyId, after, limit) {
    const rows = await tx.query<SealedFileRow>(
      `SELECT id, secret_id, wrapped_key FROM files WHERE key_id = $1 AND id > $2::uuid
       ORDER BY id LIMIT $3 FOR NO KEY UPDATE SKIP LOCKED`,
      [keyId, after?.[0] ?? '00000000-0000-0000-0000-000000000000', limit],
    );
    return rows.map(row => ({
      position: [row.id],
      wrappedKey: row.wrapped_key,
      address: fileAddress(row.secret_id, row.id),
    }));
  },

  async put(tx, keyId, rows) {
    await tx.query(
      `UPDATE files f SET key_id = $1, wrapped_key = r.wrapped_key
       FROM unnest($2::uuid[], $3::bytea[]) AS r (id, wrapped_key) WHERE f.id = r.id`,
      [keyId, rows.map(({ position }) => position[0]), rows.map(({ wrappedKey }) => wrappedKey)],
    );
  },
};
