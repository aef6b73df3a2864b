import type { Queryable } from '@strongroom/db/database';

export interface PrincipalKey {
  readonly id: string;
  readonly publicKey: string;
}

export interface NewPrincipalKey extends PrincipalKey {
  readonly roleId: string;
  readonly sealedPrivateKey: Buffer;
  readonly createdAt: Date;
  readonly createdBy: string;
}

export async function insertPrincipalKey(tx: Queryable, key: NewPrincipalKey): Promise<void> {
  await tx.query(
    `INSERT INTO principal_keys (id, role_id, public_key, sealed_private_key, created_at, created_by)
     VALUES ($1, $2, $3, $4, $5, $6)`,
    [key.id, key.roleId, key.publicKey, key.sealedPrivateKey, key.createdAt, key.createdBy],
  );
}

export const findPrincipalKeys = (db: Queryable, roleId: string): Promise<PrincipalKey[]> =>
  db.query<PrincipalKey>(
    'SELECT id, public_key AS "publicKey" FROM principal_keys WHERE role_id = $1 ORDER BY created_at, id',
    [roleId],
  );

export async function findPrincipalKey(
  db: Queryable,
  roleId: string,
  id: string,
): Promise<PrincipalKey | undefined> {
  const [key] = await db.query<PrincipalKey>(
    'SELECT id, public_key AS "publicKey" FROM principal_keys WHERE role_id = $1 AND id = $2',
    [roleId, id],
  );
  return key;
}

export async function deletePrincipalKey(tx: Queryable, roleId: string, id: string): Promise<boolean> {
  const rows = await tx.query('DELETE FROM principal_keys WHERE role_id = $1 AND id = $2 RETURNING id', [
    roleId,
    id,
  ]);
  return rows.length === 1;
}

/** Public keys by the id of their role; a role without keys is left out. */
export async function findPublicKeysOfRoles(
  db: Queryable,
  roleIds: readonly string[],
): Promise<ReadonlyMap<string, readonly string[]>> {
  const rows = await db.query<{ role_id: string; keys: string[] }>(
    `SELECT role_id, array_agg(public_key ORDER BY created_at, id) AS keys FROM principal_keys
     WHERE role_id = ANY ($1::uuid[]) GROUP BY role_id`,
    [roleIds],
  );
  return new Map(rows.map(row => [row.role_id, row.keys]));
}
