import type { Queryable } from '@strongroom/db/database';
import type { Folder } from '../domain/folder.ts';

/**
 * Held to the end of the transaction, before any folder is looked at: `shared` by those who add folders, `alone` by
 * those who change, move or delete one. So whoever adds below a folder inherits what counts, and what is below a
 * folder stays what it is while all of it is changed. Only secrets come and go meanwhile, and they hold the row of
 * their folder (docs/adr/0029-folders.md).
 */
export async function lockFolders(tx: Queryable, mode: 'shared' | 'alone'): Promise<void> {
  await tx.query(
    mode === 'shared'
      ? `SELECT pg_advisory_xact_lock_shared(hashtext('strongroom-folders'), hashtext(current_schema()))`
      : `SELECT pg_advisory_xact_lock(hashtext('strongroom-folders'), hashtext(current_schema()))`,
  );
}

/** The folder $1 and all below it. */
const TREE = `tree AS (
    SELECT id FROM folders WHERE id = $1
    UNION ALL
    SELECT c.id FROM tree t JOIN folders c ON c.parent_id = t.id
  )`;

/**
 * Keeps secrets from coming into the folder or one below it until the transaction ends. Returns the paths of these,
 * at most `limit`.
 */
export async function holdFoldersBelow(tx: Queryable, id: string, limit: number): Promise<string[]> {
  const rows = await tx.query<{ path: string }>(
    `WITH RECURSIVE ${TREE}
     SELECT f.path FROM folders f JOIN tree t ON t.id = f.id LIMIT $2 FOR UPDATE OF f`,
    [id, limit],
  );
  return rows.map(row => row.path);
}

/** The names of all secrets in the folder and below, at most `limit`. */
export async function namesBelow(tx: Queryable, id: string, limit: number): Promise<string[]> {
  const rows = await tx.query<{ name: string }>(
    `WITH RECURSIVE ${TREE}
     SELECT s.name FROM secrets s JOIN tree t ON t.id = s.folder_id LIMIT $2`,
    [id, limit],
  );
  return rows.map(row => row.name);
}

/** As `effectiveRoles` of the domain: what counts above, then what is the folder's own, each once. */
const withOwn = (above: string, own: string): string =>
  `${above} || ARRAY(SELECT role FROM unnest(${own}) WITH ORDINALITY AS o (role, place)
                     WHERE role <> ALL (${above}) ORDER BY place)`;

/**
 * Brings the folders below in line with a folder that was changed, and that had the path `from`: with where it is now
 * and with who may read and write in it.
 */
export async function alignFoldersBelow(tx: Queryable, folder: Folder, from: string): Promise<void> {
  await tx.query(
    `WITH RECURSIVE tree AS (
       SELECT id, effective_read_roles AS readers, effective_write_roles AS writers FROM folders WHERE id = $1
       UNION ALL
       SELECT c.id, ${withOwn('above.readers', 'c.read_roles')}, ${withOwn('above.writers', 'c.write_roles')}
       FROM tree t JOIN folders c ON c.parent_id = t.id CROSS JOIN LATERAL (
         SELECT CASE WHEN c.inherits THEN t.readers ELSE '{}' END AS readers,
                CASE WHEN c.inherits THEN t.writers ELSE '{}' END AS writers
       ) AS above
     ), aligned AS (
       SELECT t.id, t.readers, t.writers, $2::text || substr(f.path, char_length($3::text) + 1) AS path
       FROM tree t JOIN folders f ON f.id = t.id WHERE f.id <> $1
     )
     UPDATE folders f SET path = a.path, effective_read_roles = a.readers, effective_write_roles = a.writers,
       revision = f.revision + 1, updated_at = $4, updated_by = $5
     FROM aligned a
     WHERE f.id = a.id
       AND (f.path, f.effective_read_roles, f.effective_write_roles) IS DISTINCT FROM (a.path, a.readers, a.writers)`,
    [folder.id, folder.path, from, folder.updatedAt, folder.updatedBy],
  );
}

/** Gives the secrets in the folder and below the names that go with where it is now; it had the path `from`. */
export async function renameSecretsBelow(tx: Queryable, folder: Folder, from: string): Promise<number> {
  const [row] = await tx.query<{ moved: number }>(
    `WITH RECURSIVE ${TREE}, moved AS (
       UPDATE secrets s SET name = $2::text || substr(s.name, char_length($3::text) + 1), revision = s.revision + 1,
         updated_at = $4, updated_by = $5
       FROM tree t WHERE s.folder_id = t.id
       RETURNING 1
     )
     SELECT count(*)::integer AS moved FROM moved`,
    [folder.id, folder.path, from, folder.updatedAt, folder.updatedBy],
  );
  return row?.moved ?? 0;
}

/** The folder and those below it, and the secrets in them. */
export async function countTree(db: Queryable, id: string): Promise<{ folders: number; secrets: number }> {
  const [row] = await db.query<{ folders: number; secrets: number }>(
    `WITH RECURSIVE ${TREE}
     SELECT (SELECT count(*)::integer FROM tree) AS folders,
            (SELECT count(*)::integer FROM secrets s JOIN tree t ON t.id = s.folder_id) AS secrets`,
    [id],
  );
  return row ?? { folders: 0, secrets: 0 };
}
