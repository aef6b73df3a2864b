import type { WrappedKey } from '@strongroom/crypto/sealed-stream';
import { WITHOUT_WAITING, type Queryable } from '@strongroom/db/database';

/** A file as it is stored, without its content. */
export interface SealedFile {
  readonly id: string;
  readonly number: number;
  readonly key: WrappedKey;
  readonly description: Buffer;
}

/** What a new file is of, and who brings it. */
export interface NewFile {
  readonly id: string;
  readonly secretId: string;
  readonly key: WrappedKey;
  readonly createdAt: Date;
  readonly createdBy: string;
}

/** Begins an upload. Returns the file's number; undefined: the secret is gone. */
export async function insertFile(db: Queryable, file: NewFile): Promise<number | undefined> {
  const [row] = await db.query<{ number: number }>(
    `INSERT INTO files (id, secret_id, key_id, wrapped_key, created_at, created_by)
     SELECT $1, s.id, $3, $4, $5, $6 FROM secrets s, ${WITHOUT_WAITING} WHERE s.id = $2 FOR KEY SHARE OF s
     RETURNING number`,
    [file.id, file.secretId, file.key.keyId, file.key.wrappedKey, file.createdAt, file.createdBy],
  );
  return row?.number;
}

/** The same for a secret that is made together with it, and that does not exist yet. */
export async function insertFirstFile(db: Queryable, file: NewFile): Promise<number> {
  const [row] = await db.query<{ number: number }>(
    `INSERT INTO files (id, secret_id, awaits_secret, key_id, wrapped_key, created_at, created_by)
     SELECT $1::uuid, $2::uuid, true, $3::integer, $4::bytea, $5::timestamptz, $6 FROM ${WITHOUT_WAITING}
     RETURNING number`,
    [file.id, file.secretId, file.key.keyId, file.key.wrappedKey, file.createdAt, file.createdBy],
  );
  if (row === undefined) throw new Error('a row that was inserted has no number');
  return row.number;
}

/**
 * Adds a chunk to an upload; a crash may take it, until the version that has the file commits. False: the file is gone,
 * with its secret or because the upload took too long.
 */
export async function insertChunk(
  db: Queryable,
  fileId: string,
  position: number,
  ciphertext: Buffer,
): Promise<boolean> {
  const rows = await db.query(
    `INSERT INTO file_chunks (file_id, position, ciphertext)
     SELECT f.id, $2, $3 FROM files f, ${WITHOUT_WAITING} WHERE f.id = $1 AND f.description IS NULL
     FOR KEY SHARE OF f
     RETURNING file_id`,
    [fileId, position, ciphertext],
  );
  return rows.length === 1;
}

/** Ends an upload, in the transaction that writes the first version with the file. False: it was removed meanwhile. */
export async function describeFile(tx: Queryable, fileId: string, description: Buffer): Promise<boolean> {
  const rows = await tx.query(
    'UPDATE files SET description = $2 WHERE id = $1 AND description IS NULL RETURNING id',
    [fileId, description],
  );
  return rows.length === 1;
}

/**
 * The same in the transaction that makes the secret: the file is its first version's from now on. False: it was removed
 * meanwhile.
 */
export async function attachFirstFile(
  tx: Queryable,
  { secretId, fileId, description }: { secretId: string; fileId: string; description: Buffer },
): Promise<boolean> {
  const rows = await tx.query(
    `WITH file AS (
       UPDATE files SET awaits_secret = false, description = $3
       WHERE id = $2 AND secret_id = $1 AND awaits_secret
       RETURNING secret_id, id
     )
     INSERT INTO version_files (secret_id, version, file_id) SELECT secret_id, 1, id FROM file
     RETURNING file_id`,
    [secretId, fileId, description],
  );
  return rows.length === 1;
}

/** Removes an upload that failed. One that a version has after all, whose commit went unheard, stays. */
export async function removeUpload(db: Queryable, fileId: string): Promise<void> {
  await db.query('DELETE FROM files WHERE id = $1 AND description IS NULL', [fileId]);
}

/** Removes uploads that were left before that time. Returns how many. */
export async function removeAbandonedUploads(db: Queryable, before: Date): Promise<number> {
  const rows = await db.query(
    'DELETE FROM files WHERE description IS NULL AND created_at < $1 RETURNING id',
    [before],
  );
  return rows.length;
}

interface FileRow {
  id: string;
  number: number;
  key_id: number;
  wrapped_key: Buffer;
  description: Buffer;
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Those of `ids`, which may be any texts, that are files of this secret. */
export async function findFiles(
  db: Queryable,
  secretId: string,
  ids: readonly string[],
): Promise<SealedFile[]> {
  const possible = ids.filter(id => UUID.test(id));
  if (possible.length === 0) return [];
  const rows = await db.query<FileRow>(
    `SELECT id, number, key_id, wrapped_key, description FROM files
     WHERE secret_id = $1 AND id = ANY ($2::uuid[]) AND description IS NOT NULL`,
    [secretId, possible],
  );
  return rows.map(row => ({
    id: row.id,
    number: row.number,
    key: { keyId: row.key_id, wrappedKey: row.wrapped_key },
    description: row.description,
  }));
}

/**
 * The sealed chunks of a file in their order. One at a time, so that little is held; each statement by itself. In base64,
 * which makes a third less garbage than the hexadecimal digits that bytes come as otherwise.
 */
export async function* readChunks(db: Queryable, fileId: string): AsyncGenerator<Buffer, void, undefined> {
  for (let position = 0; ; position += 1) {
    const [row] = await db.query<{ ciphertext: string }>(
      `SELECT encode(ciphertext, 'base64') AS ciphertext FROM file_chunks WHERE file_id = $1 AND position = $2`,
      [fileId, position],
    );
    if (row === undefined) return;
    yield Buffer.from(row.ciphertext, 'base64');
  }
}
