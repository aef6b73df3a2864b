import type { Queryable } from '@strongroom/db/database';
import type { Secret } from '../domain/secret.ts';
import type { Version } from '../domain/version.ts';
import { factsAfter, factValues, runWrite, type Facts } from './facts.ts';
import {
  SECRET_COLUMNS,
  SECRET_JOINS,
  toSecret,
  toVersion,
  VERSION_COLUMNS,
  type SecretRow,
  type VersionRow,
} from './secret-rows.ts';

/** A shared secret with all the versions that it has, the oldest first. */
export async function findVersions(
  db: Queryable,
  name: string,
): Promise<{ secret: Secret; versions: Version[] } | undefined> {
  const rows = await db.query<SecretRow & VersionRow>(
    `SELECT ${SECRET_COLUMNS}, ${VERSION_COLUMNS} FROM secrets s ${SECRET_JOINS}
       JOIN secret_versions v ON v.secret_id = s.id
     WHERE s.owner_id IS NULL AND s.name = $1 ORDER BY v.version`,
    [name],
  );
  const [row] = rows;
  return row && { secret: toSecret(row), versions: rows.map(toVersion) };
}

/** Those of the secrets whose newest version may not be read at that time. */
export async function findInactive(
  db: Queryable,
  secretIds: readonly string[],
  at: Date,
): Promise<ReadonlySet<string>> {
  const rows = await db.query<{ id: string }>(
    `SELECT s.id FROM unnest($1::uuid[]) AS wanted (id) JOIN secrets s ON s.id = wanted.id
       JOIN secret_versions v ON v.secret_id = s.id AND v.version = s.current_version
     WHERE v.destroyed_at IS NOT NULL OR v.deletion_time <= $2`,
    [secretIds, at],
  );
  return new Set(rows.map(({ id }) => id));
}

/**
 * One statement each, with its facts. False: the secret is no longer at the revision that the caller saw, and nothing
 * was changed.
 */
type ChangeVersions = (
  db: Queryable,
  seen: Pick<Secret, 'id' | 'revision'>,
  versions: readonly number[],
  by: Pick<Secret, 'updatedAt' | 'updatedBy'>,
  facts: Facts,
) => Promise<boolean>;

function changeVersions(change: string): ChangeVersions {
  const text = `WITH secret AS (
       UPDATE secrets SET revision = revision + 1, updated_at = $4, updated_by = $5
       WHERE id = $1 AND revision = $2
       RETURNING id
     ), changed AS (
       UPDATE secret_versions v SET ${change} FROM secret
       WHERE v.secret_id = secret.id AND v.version = ANY ($3::integer[])
     ), ${factsAfter('secret', '$6', '$7')}
     SELECT id FROM secret`;
  return (db, seen, versions, by, facts) =>
    runWrite(db, text, [seen.id, seen.revision, versions, by.updatedAt, by.updatedBy, ...factValues(facts)]);
}

export const deleteVersions = changeVersions('deletion_time = $4');
export const undeleteVersions = changeVersions('deletion_time = NULL');
export const destroyVersions = changeVersions(
  'destroyed_at = $4, ciphertext = NULL, key_id = NULL, wrapped_key = NULL',
);
