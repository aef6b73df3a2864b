import type { Envelope } from '@strongroom/crypto/envelope';
import type { Queryable } from '@strongroom/db/database';
import type { Secret } from '../domain/secret.ts';
import type { Version } from '../domain/version.ts';
import { factsAfter, factValues, runWrite, type Facts } from './facts.ts';

/*
 * Each write below is one statement that also stores its facts: it commits by itself, all or nothing, in one round
 * trip (docs/adr/0009-one-prepared-statement-per-text.md).
 */

/**
 * The folder of this path, which stays where it is until the statement has committed: a move changes its path, and
 * whoever waited for that looks again and finds none.
 */
const folderAt = (path: string): string =>
  `folder AS MATERIALIZED (SELECT id FROM folders WHERE path = ${path} FOR KEY SHARE)`;

/**
 * Writes a secret and its first version. `folderPath` is the folder of its name. False: there is one of this name, or
 * no such folder or schema, and nothing was changed.
 */
export const insertSecret = (
  db: Queryable,
  secret: Omit<Secret, 'number' | 'folderId' | 'folderNumber'>,
  folderPath: string | undefined,
  version: Version,
  envelope: Envelope,
  facts: Facts,
): Promise<boolean> =>
  runWrite(
    db,
    `WITH ${folderAt('$4')}, secret AS (
       INSERT INTO secrets (id, name, owner_id, folder_id, schema_id, tags, read_roles, write_roles, current_version,
                            revision, max_versions, delete_version_after_seconds, cas_required, expires_at,
                            created_at, created_by, updated_at, updated_by)
       SELECT $1, $2, $3, f.id, c.id, $6, $7, $8, $9, 1, $10, $11, $12, $13, $14, $15, $14, $15
       FROM (SELECT) AS one LEFT JOIN folder f ON true LEFT JOIN schemas c ON c.name = $5
       WHERE ($4::text IS NULL OR f.id IS NOT NULL) AND ($5::text IS NULL OR c.id IS NOT NULL)
       ON CONFLICT ON CONSTRAINT secrets_name_unique DO NOTHING
       RETURNING id
     ), ${factsAfter('secret', '$20', '$21')}
     INSERT INTO secret_versions (secret_id, version, key_id, wrapped_key, ciphertext, deletion_time, created_at, created_by)
     SELECT id, $9, $16, $17, $18, $19, $14, $15 FROM secret
     RETURNING secret_id`,
    [
      secret.id,
      secret.name,
      secret.ownerId,
      folderPath,
      secret.schema,
      secret.tags,
      secret.readRoles,
      secret.writeRoles,
      secret.version,
      secret.maxVersions,
      secret.deleteVersionAfterSeconds,
      secret.casRequired,
      secret.expiresAt,
      secret.createdAt,
      secret.createdBy,
      envelope.keyId,
      envelope.wrappedKey,
      envelope.ciphertext,
      version.deletionTime,
      ...factValues(facts),
    ],
  );

/** A change of all that a writer may change, unless somebody else was first; $1 to $13 are `changedValues`. */
const CHANGE = `secret AS (
       UPDATE secrets SET current_version = $3, revision = revision + 1, read_roles = $4, write_roles = $5, tags = $6,
         schema_id = (SELECT id FROM schemas WHERE name = $7), expires_at = $8, max_versions = $9,
         delete_version_after_seconds = $10, cas_required = $11, updated_at = $12, updated_by = $13
       WHERE id = $1 AND revision = $2 AND ($7::text IS NULL OR EXISTS (SELECT 1 FROM schemas WHERE name = $7))
       RETURNING id
     ), dropped AS (
       DELETE FROM secret_versions v USING secret WHERE v.secret_id = secret.id AND v.version <= $3 - $9
     )`;

const changedValues = (seen: Pick<Secret, 'revision'>, next: Secret): unknown[] => [
  next.id,
  seen.revision,
  next.version,
  next.readRoles,
  next.writeRoles,
  next.tags,
  next.schema,
  next.expiresAt,
  next.maxVersions,
  next.deleteVersionAfterSeconds,
  next.casRequired,
  next.updatedAt,
  next.updatedBy,
];

/**
 * Writes the next version, with whatever else `next` changes, and drops those beyond `maxVersions`. `fileIds` are the
 * secret's files that its content names. False: the secret is no longer at the revision that the writer saw, and
 * nothing was changed.
 */
export const insertVersion = (
  db: Queryable,
  seen: Pick<Secret, 'revision'>,
  next: Secret,
  version: Version,
  envelope: Envelope,
  fileIds: readonly string[],
  facts: Facts,
): Promise<boolean> =>
  runWrite(
    db,
    `WITH ${CHANGE}, named AS (
       INSERT INTO version_files (secret_id, version, file_id)
       SELECT id, $3, file_id FROM secret, unnest($20::uuid[]) AS file_id
     ), ${factsAfter('secret', '$18', '$19')}
     INSERT INTO secret_versions (secret_id, version, key_id, wrapped_key, ciphertext, deletion_time, created_at, created_by)
     SELECT id, $3, $14, $15, $16, $17, $12, $13 FROM secret
     RETURNING secret_id`,
    [
      ...changedValues(seen, next),
      envelope.keyId,
      envelope.wrappedKey,
      envelope.ciphertext,
      version.deletionTime,
      ...factValues(facts),
      fileIds,
    ],
  );

/** The same without a new version. */
export const updateMetadata = (
  db: Queryable,
  seen: Pick<Secret, 'revision'>,
  next: Secret,
  facts: Facts,
): Promise<boolean> =>
  runWrite(
    db,
    `WITH ${CHANGE}, ${factsAfter('secret', '$14', '$15')}
     SELECT id FROM secret`,
    [...changedValues(seen, next), ...factValues(facts)],
  );

/**
 * Gives the secret the name of `next`, in the folder of this path. False: it is not what `next` was made of, there is
 * one of that name or no such folder, and nothing was changed.
 */
export const moveSecret = (
  db: Queryable,
  next: Secret,
  folderPath: string | undefined,
  facts: Facts,
): Promise<boolean> =>
  runWrite(
    db,
    `WITH ${folderAt('$3')}, secret AS (
       UPDATE secrets s SET name = $2, folder_id = f.id, revision = $4, updated_at = $5, updated_by = $6
       FROM (SELECT) AS one LEFT JOIN folder f ON true
       WHERE s.id = $1 AND s.revision = $4 - 1 AND ($3::text IS NULL OR f.id IS NOT NULL)
       RETURNING s.id
     ), ${factsAfter('secret', '$7', '$8')}
     SELECT id FROM secret`,
    [next.id, next.name, folderPath, next.revision, next.updatedAt, next.updatedBy, ...factValues(facts)],
  );

/** Deletes the secret with all its versions. False: it was gone already, or is not what the caller saw. */
export const deleteSecret = (
  db: Queryable,
  seen: Pick<Secret, 'id' | 'revision'>,
  facts: Facts,
): Promise<boolean> =>
  runWrite(
    db,
    `WITH secret AS (DELETE FROM secrets WHERE id = $1 AND revision = $2 RETURNING id),
       ${factsAfter('secret', '$3', '$4')}
     SELECT id FROM secret`,
    [seen.id, seen.revision, ...factValues(facts)],
  );
