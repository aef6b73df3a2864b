import type { Envelope } from '@strongroom/crypto/envelope';
import type { Secret } from '../domain/secret.ts';
import type { Version } from '../domain/version.ts';

/** How secrets and versions stand in their tables. */

export interface SecretRow {
  id: string;
  number: number;
  name: string;
  owner_id: string | null;
  folder_id: string | null;
  folder_number: number | null;
  schema: string | null;
  tags: string[];
  read_roles: string[];
  write_roles: string[];
  inherited_read_roles: string[] | null;
  inherited_write_roles: string[] | null;
  current_version: number;
  revision: string;
  max_versions: number;
  delete_version_after_seconds: string;
  cas_required: boolean;
  expires_at: Date | null;
  created_at: Date;
  created_by: string;
  updated_at: Date;
  updated_by: string;
}

export const SECRET_COLUMNS = `s.id, s.number, s.name, s.owner_id, s.folder_id, f.number AS folder_number, c.name AS schema, s.tags, s.read_roles,
  s.write_roles, f.effective_read_roles AS inherited_read_roles, f.effective_write_roles AS inherited_write_roles,
  s.current_version, s.revision, s.max_versions, s.delete_version_after_seconds, s.cas_required, s.expires_at,
  s.created_at, s.created_by, s.updated_at, s.updated_by`;

/** To follow `FROM secrets s`. */
export const SECRET_JOINS = `LEFT JOIN folders f ON f.id = s.folder_id LEFT JOIN schemas c ON c.id = s.schema_id`;

export const toSecret = (row: SecretRow): Secret => ({
  id: row.id,
  number: row.number,
  name: row.name,
  ownerId: row.owner_id ?? undefined,
  folderId: row.folder_id ?? undefined,
  folderNumber: row.folder_number ?? undefined,
  schema: row.schema ?? undefined,
  tags: row.tags,
  readRoles: row.read_roles,
  writeRoles: row.write_roles,
  inheritedReadRoles: row.inherited_read_roles ?? [],
  inheritedWriteRoles: row.inherited_write_roles ?? [],
  version: row.current_version,
  revision: Number(row.revision),
  maxVersions: row.max_versions,
  deleteVersionAfterSeconds: Number(row.delete_version_after_seconds),
  casRequired: row.cas_required,
  expiresAt: row.expires_at ?? undefined,
  createdAt: row.created_at,
  createdBy: row.created_by,
  updatedAt: row.updated_at,
  updatedBy: row.updated_by,
});

export interface VersionRow {
  version: number;
  version_created_at: Date;
  version_created_by: string;
  deletion_time: Date | null;
  destroyed_at: Date | null;
  key_id: number | null;
  wrapped_key: Buffer | null;
  ciphertext: Buffer | null;
}

export const VERSION_COLUMNS = `v.version, v.created_at AS version_created_at, v.created_by AS version_created_by,
  v.deletion_time, v.destroyed_at`;
export const SEALED_COLUMNS = `${VERSION_COLUMNS}, v.key_id, v.wrapped_key, v.ciphertext`;

export const toVersion = (row: Omit<VersionRow, 'key_id' | 'wrapped_key' | 'ciphertext'>): Version => ({
  version: row.version,
  createdAt: row.version_created_at,
  createdBy: row.version_created_by,
  deletionTime: row.deletion_time ?? undefined,
  destroyed: row.destroyed_at !== null,
});

/** A version with its content as it is stored; none: it was destroyed. */
export interface SealedVersion {
  readonly version: Version;
  readonly envelope: Envelope | undefined;
}

export function toSealedVersion(row: VersionRow): SealedVersion {
  const { key_id: keyId, wrapped_key: wrappedKey, ciphertext } = row;
  return {
    version: toVersion(row),
    envelope:
      keyId === null || wrappedKey === null || ciphertext === null
        ? undefined
        : { keyId, wrappedKey, ciphertext },
  };
}
