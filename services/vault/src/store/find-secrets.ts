import { coalesce } from '@strongroom/db/coalesce';
import type { Queryable } from '@strongroom/db/database';
import type { Secret, SecretAddress } from '../domain/secret.ts';
import {
  SEALED_COLUMNS,
  SECRET_COLUMNS,
  SECRET_JOINS,
  toSealedVersion,
  toSecret,
  type SealedVersion,
  type SecretRow,
  type VersionRow,
} from './secret-rows.ts';

/** A secret with one of its versions. */
export interface SealedSecret extends SealedVersion {
  readonly secret: Secret;
}

const toSealedSecret = (row: SecretRow & VersionRow): SealedSecret => ({
  secret: toSecret(row),
  ...toSealedVersion(row),
});

/**
 * The shared secrets of the names $1, one look-up in the index of names each. Asked for all names at once, a table that
 * has no statistics yet is read whole. Nor does the planner see how many names there are: else it plans each time anew.
 */
const SHARED_OF_NAMES = `unnest((SELECT $1::text[])) AS wanted (name) CROSS JOIN LATERAL
  (SELECT * FROM secrets WHERE owner_id IS NULL AND name = wanted.name LIMIT 1) AS s`;

/** Those of the shared secrets that exist, by name, without content. */
async function findShared(db: Queryable, names: readonly string[]): Promise<ReadonlyMap<string, Secret>> {
  const rows = await db.query<SecretRow>(`SELECT ${SECRET_COLUMNS} FROM ${SHARED_OF_NAMES} ${SECRET_JOINS}`, [
    names,
  ]);
  return new Map(rows.map(row => [row.name, toSecret(row)]));
}

/** Those of the shared secrets that exist, by name, with their newest version. */
async function findSharedSealed(
  db: Queryable,
  names: readonly string[],
): Promise<ReadonlyMap<string, SealedSecret>> {
  const rows = await db.query<SecretRow & VersionRow>(
    `SELECT ${SECRET_COLUMNS}, ${SEALED_COLUMNS} FROM ${SHARED_OF_NAMES} ${SECRET_JOINS}
       JOIN secret_versions v ON v.secret_id = s.id AND v.version = s.current_version`,
    [names],
  );
  return new Map(rows.map(row => [row.name, toSealedSecret(row)]));
}

async function findPersonal(db: Queryable, ownerId: string, name: string): Promise<Secret | undefined> {
  const [row] = await db.query<SecretRow>(
    `SELECT ${SECRET_COLUMNS} FROM secrets s ${SECRET_JOINS} WHERE s.owner_id = $1 AND s.name = $2`,
    [ownerId, name],
  );
  return row && toSecret(row);
}

/** With its newest version. */
async function findPersonalSealed(
  db: Queryable,
  ownerId: string,
  name: string,
): Promise<SealedSecret | undefined> {
  const [row] = await db.query<SecretRow & VersionRow>(
    `SELECT ${SECRET_COLUMNS}, ${SEALED_COLUMNS} FROM secrets s ${SECRET_JOINS}
       JOIN secret_versions v ON v.secret_id = s.id AND v.version = s.current_version
     WHERE s.owner_id = $1 AND s.name = $2`,
    [ownerId, name],
  );
  return row && toSealedSecret(row);
}

/** One version of a secret. */
export async function findSealedVersion(
  db: Queryable,
  secretId: string,
  version: number,
): Promise<SealedVersion | undefined> {
  const [row] = await db.query<VersionRow>(
    `SELECT ${SEALED_COLUMNS} FROM secret_versions v WHERE v.secret_id = $1 AND v.version = $2`,
    [secretId, version],
  );
  return row && toSealedVersion(row);
}

/** Where the shared secret of this number or id is. */
export async function findAddress(
  db: Queryable,
  key: { readonly number: number } | { readonly id: string },
): Promise<SecretAddress | undefined> {
  const [row] = await db.query<{ id: string; name: string }>(
    'SELECT id, name FROM secrets WHERE (number = $1::bigint OR id = $2) AND owner_id IS NULL',
    'id' in key ? [null, key.id] : [key.number, null],
  );
  return row && { ownerId: undefined, name: row.name, id: row.id };
}

/** Look-ups by address; concurrent ones of shared secrets share a statement. */
export interface SecretFinder {
  readonly find: (address: SecretAddress) => Promise<Secret | undefined>;
  /** With its newest version. */
  readonly findSealed: (address: SecretAddress) => Promise<SealedSecret | undefined>;
}

export function createSecretFinder(db: Queryable): SecretFinder {
  const shared = coalesce((names: readonly string[]) => findShared(db, names));
  const sharedSealed = coalesce((names: readonly string[]) => findSharedSealed(db, names));
  return {
    find: ({ ownerId, name }) => (ownerId === undefined ? shared(name) : findPersonal(db, ownerId, name)),
    findSealed: ({ ownerId, name }) =>
      ownerId === undefined ? sharedSealed(name) : findPersonalSealed(db, ownerId, name),
  };
}
