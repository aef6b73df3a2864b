import type { AuditEventType } from './event-type.ts';

/** Secrets, their versions, files and folders. */
export const VAULT_EVENTS = {
  secretCreated: { code: 5101, name: 'Secret-created', description: 'A secret was created' },
  secretRead: { code: 5102, name: 'Secret-read', description: 'The content of a secret was read' },
  secretUpdated: {
    code: 5103,
    name: 'Secret-updated',
    description: 'A secret got a new version or other roles',
  },
  secretDeleted: {
    code: 5104,
    name: 'Secret-deleted',
    description: 'A secret and its versions were deleted',
  },
  secretMetadataRead: {
    code: 5105,
    name: 'Secret-metadata-read',
    description: 'The metadata of a secret was read',
  },
  secretsListed: { code: 5106, name: 'Secrets-listed', description: 'Secrets were listed or searched' },
  secretAccessDenied: {
    code: 5107,
    name: 'Secret-access-denied',
    description: 'An act on a secret was refused',
  },
  vaultKeysRead: {
    code: 5111,
    name: 'Vault-keys-read',
    description: 'The key-encryption keys of vault and what is under them were looked at',
  },
  vaultKeyRotationStarted: {
    code: 5112,
    name: 'Vault-key-rotation-started',
    description: 'A new key-encryption key of vault was made, and the one before retired',
  },
  vaultKeyRotationFinished: {
    code: 5113,
    name: 'Vault-key-rotation-finished',
    description: 'No value of vault needs the old key-encryption key any more; it was deleted',
  },
  vaultRootKeyChanged: {
    code: 5114,
    name: 'Vault-root-key-changed',
    description: 'The key-encryption keys of vault were wrapped by another root key',
  },
  secretExpiring: {
    code: 5108,
    name: 'Secret-expiring',
    description: 'A secret reaches its date of expiry soon',
  },
  fileStored: { code: 5121, name: 'File-stored', description: 'A secret got a version with a new file' },
  fileRead: { code: 5122, name: 'File-read', description: 'A file of a secret was read' },
  fileRemoved: {
    code: 5123,
    name: 'File-removed',
    description: 'A secret got a version without a file that it had',
  },
  requestRepeated: {
    code: 5131,
    name: 'Request-repeated',
    description: 'A request was answered as an earlier one with the same idempotency key',
  },
  folderCreated: { code: 5141, name: 'Folder-created', description: 'A folder of secrets was created' },
  folderChanged: {
    code: 5142,
    name: 'Folder-changed',
    description: 'It was changed who may read and write in a folder of secrets',
  },
  folderMoved: {
    code: 5143,
    name: 'Folder-moved',
    description: 'A folder got another path, and everything below it moved with it',
  },
  folderDeleted: { code: 5144, name: 'Folder-deleted', description: 'An empty folder was deleted' },
  secretMoved: { code: 5145, name: 'Secret-moved', description: 'A secret got another name' },
  folderRead: { code: 5146, name: 'Folder-read', description: 'The properties of a folder were read' },
  foldersListed: { code: 5147, name: 'Folders-listed', description: 'Folders were listed' },
  folderAccessDenied: {
    code: 5148,
    name: 'Folder-access-denied',
    description: 'An act on a folder was refused',
  },
  versionsDeleted: {
    code: 5151,
    name: 'Secret-versions-deleted',
    description: 'Versions of a secret were deleted, and can be undeleted',
  },
  versionsUndeleted: {
    code: 5152,
    name: 'Secret-versions-undeleted',
    description: 'Deleted versions of a secret were made readable again',
  },
  versionsDestroyed: {
    code: 5153,
    name: 'Secret-versions-destroyed',
    description: 'The content of versions of a secret was destroyed for good',
  },
  versioningModified: {
    code: 5154,
    name: 'Secret-versioning-modified',
    description: 'How many versions of a secret stay, for how long, or how they are written was changed',
  },
  schemaCreated: { code: 5161, name: 'Schema-created', description: 'A schema of secrets was created' },
  schemaChanged: { code: 5162, name: 'Schema-changed', description: 'A schema of secrets was changed' },
  schemaDeleted: { code: 5163, name: 'Schema-deleted', description: 'A schema of secrets was deleted' },
  fieldPasswordGenerated: {
    code: 5164,
    name: 'Field-password-generated',
    description: 'A password was made for a field of a schema, and kept nowhere',
  },
} as const satisfies Record<string, AuditEventType>;
