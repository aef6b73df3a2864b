import { isUniqueViolation, type Queryable } from '@strongroom/db/database';
import { canonicalName } from '@strongroom/schema/text';
import { identityProviderExists } from '../domain/errors.ts';
import type { IdentityProvider, IdentityProviderDocument } from '../domain/identity-provider.ts';
import { NAME_HOLDS, orderBy, patterns, type ListQuery } from './listing.ts';
import { STAMP_COLUMNS, toStamps, type StampColumns } from './stamps.ts';

interface IdentityProviderRow extends StampColumns {
  id: string;
  name: string;
  issuer: string;
  is_enabled: boolean;
  document: IdentityProviderDocument;
}

const toIdentityProvider = (row: IdentityProviderRow): IdentityProvider => ({
  id: row.id,
  name: row.name,
  issuer: row.issuer,
  isEnabled: row.is_enabled,
  document: row.document,
  ...toStamps(row),
});

const COLUMNS = `id, name, issuer, is_enabled, document, ${STAMP_COLUMNS}`;

const values = (provider: IdentityProvider) => [
  provider.id,
  provider.name,
  canonicalName(provider.name),
  provider.issuer,
  provider.isEnabled,
  JSON.stringify(provider.document),
  provider.updatedAt,
  provider.updatedBy,
];

const translate = (error: unknown) =>
  isUniqueViolation(error, 'identity_providers_name_unique') ? identityProviderExists() : error;

/** One change at a time: no two enabled providers may come to answer for the same tokens. */
export async function lockIdentityProviders(tx: Queryable): Promise<void> {
  await tx.query(`SELECT pg_advisory_xact_lock(hashtext('strongroom-identity-providers'))`);
}

export async function insertIdentityProvider(tx: Queryable, provider: IdentityProvider): Promise<void> {
  try {
    await tx.query(
      `INSERT INTO identity_providers (id, name, canonical_name, issuer, is_enabled, document,
                                       updated_at, updated_by, created_at, created_by)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $7, $8)`,
      values(provider),
    );
  } catch (error) {
    throw translate(error);
  }
}

export async function updateIdentityProvider(tx: Queryable, provider: IdentityProvider): Promise<void> {
  try {
    await tx.query(
      `UPDATE identity_providers SET name = $2, canonical_name = $3, issuer = $4, is_enabled = $5, document = $6,
                                     updated_at = $7, updated_by = $8
       WHERE id = $1`,
      values(provider),
    );
  } catch (error) {
    throw translate(error);
  }
}

/** The deleted provider's name, if it was there. */
export async function deleteIdentityProvider(tx: Queryable, id: string): Promise<string | undefined> {
  const [row] = await tx.query<{ name: string }>(
    'DELETE FROM identity_providers WHERE id = $1 RETURNING name',
    [id],
  );
  return row?.name;
}

export async function findIdentityProvider(db: Queryable, id: string): Promise<IdentityProvider | undefined> {
  const [row] = await db.query<IdentityProviderRow>(
    `SELECT ${COLUMNS} FROM identity_providers WHERE id = $1`,
    [id],
  );
  return row === undefined ? undefined : toIdentityProvider(row);
}

export async function findEnabledProviders(db: Queryable, issuer: string): Promise<IdentityProvider[]> {
  const rows = await db.query<IdentityProviderRow>(
    `SELECT ${COLUMNS} FROM identity_providers WHERE issuer = $1 AND is_enabled`,
    [issuer],
  );
  return rows.map(toIdentityProvider);
}

export async function searchIdentityProviders(
  db: Queryable,
  query: ListQuery,
): Promise<{ count: number; providers: IdentityProvider[] }> {
  const words = patterns(query.words);
  const [[total], rows] = await Promise.all([
    db.query<{ count: number }>(
      `SELECT count(*)::integer AS count FROM identity_providers WHERE ${NAME_HOLDS}`,
      [words],
    ),
    db.query<IdentityProviderRow>(
      `SELECT ${COLUMNS} FROM identity_providers WHERE ${NAME_HOLDS} ${orderBy(query)} OFFSET $2 LIMIT $3`,
      [words, query.offset, query.limit],
    ),
  ]);
  return { count: total?.count ?? 0, providers: rows.map(toIdentityProvider) };
}
