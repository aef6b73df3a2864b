import { isUniqueViolation, type Queryable } from '@strongroom/db/database';
import { canonicalName } from '@strongroom/schema/text';
import { sourceExists } from '../domain/errors.ts';
import type { Source } from '../domain/source.ts';
import { STAMP_COLUMNS, toStamps, type StampColumns } from './stamps.ts';

interface SourceRow extends StampColumns {
  id: string;
  name: string;
  is_local: boolean;
  is_enabled: boolean;
  document: Record<string, unknown>;
  sealed_connection: Buffer | null;
}

const toSource = (row: SourceRow): Source => ({
  id: row.id,
  name: row.name,
  isLocal: row.is_local,
  isEnabled: row.is_enabled,
  document: row.document,
  sealedConnection: row.sealed_connection,
  ...toStamps(row),
});

const COLUMNS = `id, name, is_local, is_enabled, document, sealed_connection, ${STAMP_COLUMNS}`;

const values = (source: Source) => [
  source.id,
  source.name,
  canonicalName(source.name),
  source.isEnabled,
  JSON.stringify(source.document),
  source.sealedConnection,
  source.updatedAt,
  source.updatedBy,
];

const translate = (error: unknown) =>
  isUniqueViolation(error, 'sources_name_unique') ? sourceExists() : error;

/** Of another type than local users: the migration made those. */
export async function insertSource(tx: Queryable, source: Source): Promise<void> {
  try {
    await tx.query(
      `INSERT INTO sources (id, name, canonical_name, is_enabled, document, sealed_connection,
                            updated_at, updated_by, created_at, created_by)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $7, $8)`,
      values(source),
    );
  } catch (error) {
    throw translate(error);
  }
}

/** The row is locked by `lockSource` before. */
export async function updateSource(tx: Queryable, source: Source): Promise<void> {
  try {
    await tx.query(
      `UPDATE sources SET name = $2, canonical_name = $3, is_enabled = $4, document = $5,
                          sealed_connection = $6, updated_at = $7, updated_by = $8
       WHERE id = $1`,
      values(source),
    );
  } catch (error) {
    throw translate(error);
  }
}

/** The row is locked by `lockSource` before. */
export async function deleteSource(tx: Queryable, id: string): Promise<void> {
  await tx.query('DELETE FROM sources WHERE id = $1 AND NOT is_local', [id]);
}

export async function findSource(db: Queryable, id: string): Promise<Source | undefined> {
  const [row] = await db.query<SourceRow>(`SELECT ${COLUMNS} FROM sources WHERE id = $1`, [id]);
  return row === undefined ? undefined : toSource(row);
}

/** Also keeps people from being added to it until the transaction ends. */
export async function lockSource(tx: Queryable, id: string): Promise<Source | undefined> {
  const [row] = await tx.query<SourceRow>(`SELECT ${COLUMNS} FROM sources WHERE id = $1 FOR UPDATE`, [id]);
  return row === undefined ? undefined : toSource(row);
}

export async function hasPeople(tx: Queryable, sourceId: string): Promise<boolean> {
  return (await tx.query('SELECT FROM users WHERE source_id = $1 LIMIT 1', [sourceId])).length > 0;
}

/** Local users first, then by name. */
export async function listSources(
  db: Queryable,
  page: { offset: number; limit: number },
): Promise<{ count: number; sources: Source[] }> {
  const [[total], rows] = await Promise.all([
    db.query<{ count: number }>('SELECT count(*)::integer AS count FROM sources'),
    db.query<SourceRow>(
      `SELECT ${COLUMNS} FROM sources ORDER BY is_local DESC, canonical_name OFFSET $1 LIMIT $2`,
      [page.offset, page.limit],
    ),
  ]);
  return { count: total?.count ?? 0, sources: rows.map(toSource) };
}

/** Which of `ids` exist. */
export async function findSourceIds(db: Queryable, ids: readonly string[]): Promise<ReadonlySet<string>> {
  const rows = await db.query<{ id: string }>('SELECT id FROM sources WHERE id = ANY ($1::uuid[])', [ids]);
  return new Set(rows.map(row => row.id));
}
