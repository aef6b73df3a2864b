import type { CloudEvent } from '@strongroom/contracts/cloud-event';
import type { Envelope } from '@strongroom/crypto/envelope';
import type { Queryable } from '@strongroom/db/database';
import { appendEventsAfter, eventValues } from '@strongroom/outbox/outbox';
import type { Secret } from '../domain/secret.ts';

interface SecretRow {
  id: string;
  name: string;
  read_roles: string[];
  write_roles: string[];
  current_version: number;
  created_at: Date;
  created_by: string;
  updated_at: Date;
  updated_by: string;
}

interface VersionRow {
  key_id: number;
  wrapped_key: Buffer;
  ciphertext: Buffer;
}

const toSecret = (row: SecretRow): Secret => ({
  id: row.id,
  name: row.name,
  readRoles: row.read_roles,
  writeRoles: row.write_roles,
  version: row.current_version,
  createdAt: row.created_at,
  createdBy: row.created_by,
  updatedAt: row.updated_at,
  updatedBy: row.updated_by,
});

const toEnvelope = (row: VersionRow): Envelope => ({
  keyId: row.key_id,
  wrappedKey: row.wrapped_key,
  ciphertext: row.ciphertext,
});

const COLUMNS = `s.id, s.name, s.read_roles, s.write_roles, s.current_version,
  s.created_at, s.created_by, s.updated_at, s.updated_by`;

/** Those of `names` that exist, by name, without content. */
export async function findSecrets(
  db: Queryable,
  names: readonly string[],
): Promise<ReadonlyMap<string, Secret>> {
  const rows = await db.query<SecretRow>(`SELECT ${COLUMNS} FROM secrets s WHERE s.name = ANY ($1::text[])`, [
    names,
  ]);
  return new Map(rows.map(row => [row.name, toSecret(row)]));
}

export interface SealedSecret {
  secret: Secret;
  envelope: Envelope;
}

/** Those of `names` that exist, by name, with their newest version. */
export async function findSealedSecrets(
  db: Queryable,
  names: readonly string[],
): Promise<ReadonlyMap<string, SealedSecret>> {
  const rows = await db.query<SecretRow & VersionRow>(
    `SELECT ${COLUMNS}, v.key_id, v.wrapped_key, v.ciphertext
     FROM secrets s JOIN secret_versions v ON v.secret_id = s.id AND v.version = s.current_version
     WHERE s.name = ANY ($1::text[])`,
    [names],
  );
  return new Map(rows.map(row => [row.name, { secret: toSecret(row), envelope: toEnvelope(row) }]));
}

/*
 * Each write below is one statement that also appends its events: it commits by itself, all or nothing, in
 * one round trip (docs/adr/0009-one-prepared-statement-per-text.md).
 */

/** Writes a secret and its first version. False: there is one of this name, and nothing was changed. */
export async function insertSecret(
  db: Queryable,
  secret: Secret,
  envelope: Envelope,
  events: readonly CloudEvent[],
): Promise<boolean> {
  const rows = await db.query(
    `WITH secret AS (
       INSERT INTO secrets (id, name, read_roles, write_roles, current_version,
                            created_at, created_by, updated_at, updated_by)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $6, $7)
       ON CONFLICT ON CONSTRAINT secrets_name_unique DO NOTHING
       RETURNING id
     ), told AS (${appendEventsAfter('secret', '$11')})
     INSERT INTO secret_versions (secret_id, version, key_id, wrapped_key, ciphertext, created_at, created_by)
     SELECT id, $5, $8, $9, $10, $6, $7 FROM secret
     RETURNING secret_id`,
    [
      secret.id,
      secret.name,
      secret.readRoles,
      secret.writeRoles,
      secret.version,
      secret.createdAt,
      secret.createdBy,
      envelope.keyId,
      envelope.wrappedKey,
      envelope.ciphertext,
      eventValues(events),
    ],
  );
  return rows.length === 1;
}

/** What a writer saw and decided on. A write goes through only while all of it still holds. */
export type SeenSecret = Pick<Secret, 'version' | 'readRoles' | 'writeRoles'>;

/**
 * Writes the next version and drops those beyond `max_versions`. False: another writer was first, or the
 * secret is gone, and nothing was changed.
 */
export async function insertVersion(
  db: Queryable,
  seen: SeenSecret,
  next: Secret,
  envelope: Envelope,
  events: readonly CloudEvent[],
): Promise<boolean> {
  const rows = await db.query(
    `WITH secret AS (
       UPDATE secrets SET current_version = $2, read_roles = $3, write_roles = $4, updated_at = $5, updated_by = $6
       WHERE id = $1 AND current_version = $10 AND read_roles = $11 AND write_roles = $12
       RETURNING id, max_versions
     ), dropped AS (
       DELETE FROM secret_versions v USING secret
       WHERE v.secret_id = secret.id AND v.version <= $2 - secret.max_versions
     ), told AS (${appendEventsAfter('secret', '$13')})
     INSERT INTO secret_versions (secret_id, version, key_id, wrapped_key, ciphertext, created_at, created_by)
     SELECT id, $2, $7, $8, $9, $5, $6 FROM secret
     RETURNING secret_id`,
    [
      next.id,
      next.version,
      next.readRoles,
      next.writeRoles,
      next.updatedAt,
      next.updatedBy,
      envelope.keyId,
      envelope.wrappedKey,
      envelope.ciphertext,
      seen.version,
      seen.readRoles,
      seen.writeRoles,
      eventValues(events),
    ],
  );
  return rows.length === 1;
}

/** Changes who may read and write, without a new version. False: another writer was first. */
export async function updateRoles(
  db: Queryable,
  seen: SeenSecret,
  next: Secret,
  events: readonly CloudEvent[],
): Promise<boolean> {
  const rows = await db.query(
    `WITH secret AS (
       UPDATE secrets SET read_roles = $3, write_roles = $4, updated_at = $5, updated_by = $6
       WHERE id = $1 AND current_version = $2 AND read_roles = $7 AND write_roles = $8
       RETURNING id
     ), told AS (${appendEventsAfter('secret', '$9')})
     SELECT id FROM secret`,
    [
      next.id,
      next.version,
      next.readRoles,
      next.writeRoles,
      next.updatedAt,
      next.updatedBy,
      seen.readRoles,
      seen.writeRoles,
      eventValues(events),
    ],
  );
  return rows.length === 1;
}

/** Deletes the secret with all its versions. False: it was gone already. */
export async function deleteSecret(
  db: Queryable,
  id: string,
  events: readonly CloudEvent[],
): Promise<boolean> {
  const rows = await db.query(
    `WITH secret AS (DELETE FROM secrets WHERE id = $1 RETURNING id),
       told AS (${appendEventsAfter('secret', '$2')})
     SELECT id FROM secret`,
    [id, eventValues(events)],
  );
  return rows.length === 1;
}

export type SecretSortKey = 'name' | 'created' | 'updated';

export interface SecretQuery {
  /** Roles of the caller; only secrets that name one of them are found, unless `all`. */
  roles: readonly string[];
  all: boolean;
  filter: 'shared' | 'personal' | 'readable' | 'writable' | 'accessible';
  /** Each must be part of the name, in any case. */
  words: readonly string[];
  sortKey: SecretSortKey;
  descending: boolean;
  offset: number;
  limit: number;
}

const WHERE = `WHERE s.name ILIKE ALL ($1::text[])
  AND ($2 OR s.read_roles && $3::uuid[] OR s.write_roles && $3::uuid[])
  AND CASE $4
        -- Every secret here is shared: none has an owner.
        WHEN 'personal' THEN false
        WHEN 'readable' THEN s.read_roles && $3::uuid[]
        WHEN 'writable' THEN s.write_roles && $3::uuid[]
        WHEN 'accessible' THEN s.read_roles && $3::uuid[] OR s.write_roles && $3::uuid[]
        ELSE true
      END`;

const SORT_COLUMNS: Record<SecretSortKey, string> = {
  name: 's.name',
  created: 's.created_at',
  updated: 's.updated_at',
};

/** One page, and how many there are in all. */
export async function searchSecrets(
  db: Queryable,
  query: SecretQuery,
): Promise<{ count: number; secrets: Secret[] }> {
  const patterns = query.words.map(word => `%${word.replace(/[\\%_]/g, '\\$&')}%`);
  const filter = [patterns, query.all, query.roles, query.filter];
  const direction = query.descending ? 'DESC' : 'ASC';
  const [[total], rows] = await Promise.all([
    db.query<{ count: number }>(`SELECT count(*)::integer AS count FROM secrets s ${WHERE}`, filter),
    db.query<SecretRow>(
      `SELECT ${COLUMNS} FROM secrets s ${WHERE}
       ORDER BY ${SORT_COLUMNS[query.sortKey]} ${direction}, s.id ${direction} OFFSET $5 LIMIT $6`,
      [...filter, query.offset, query.limit],
    ),
  ]);
  return { count: total?.count ?? 0, secrets: rows.map(toSecret) };
}
