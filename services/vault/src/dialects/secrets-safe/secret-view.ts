import { createHash } from 'node:crypto';
import { FreeObject, Choice, Members, OrNull, Type } from '@strongroom/schema/types';
import { folderPathOf } from '../../domain/folder.ts';
import type { Secret, SecretData } from '../../domain/secret.ts';
import type { Version } from '../../domain/version.ts';
import type { ApiVersion } from './api.ts';
import { descriptionOf, fileOf, notesOf, typeOf, urlsOf, userOf, valueOf } from './content.ts';
import { ownersView, type RoleNames } from './owners.ts';

const text = Type.String();

/** A secret on the wire (contract 3.1). Members of a later version or of another kind are not there. */
export const SecretView = Members({
  Id: text,
  Title: text,
  Description: text,
  SecretType: Choice('Credential', 'Text', 'File'),
  FolderId: Type.String({ description: 'Of zeros: at the top' }),
  Folder: text,
  FolderPath: Type.String({ description: 'Without the title' }),
  Username: Type.Optional(text),
  Password: Type.String({ description: 'The text of a text secret; empty for a file' }),
  Text: Type.Optional(text),
  FileName: Type.Optional(text),
  FileHash: Type.Optional(Type.String({ description: 'SHA-256' })),
  Notes: text,
  Urls: Type.Array(Members({ Id: text, CredentialId: text, Url: text })),
  OwnerId: Type.Optional(Type.Integer()),
  OwnerType: Type.Optional(text),
  Owner: Type.Optional(text),
  Owners: Type.Array(FreeObject),
  CreatedOn: text,
  CreatedBy: text,
  ModifiedOn: text,
  ModifiedBy: text,
  SecretValueModifiedOn: OrNull(text),
});

/** The one form in which clients that cannot take null know that there is none. */
export const NO_ID = '00000000-0000-0000-0000-000000000000';

/** A secret with what the caller may see of it. */
export interface Shown {
  readonly secret: Secret;
  readonly version: Version | undefined;
  /** Undefined: he may know of the secret, and not read it. */
  readonly data: SecretData | undefined;
}

export interface Showing {
  readonly names: RoleNames;
  readonly version: ApiVersion;
  /** Whether values are told. */
  readonly decrypt: boolean;
}

export function secretView({ secret, version: stored, data = {} }: Shown, showing: Showing) {
  const type = typeOf(secret);
  const folderPath = folderPathOf(secret.name) ?? '';
  const value = showing.decrypt ? valueOf(type, data) : '';
  return {
    Id: secret.id,
    Title: titleOf(secret.name),
    Description: descriptionOf(data),
    SecretType: type,
    FolderId: secret.folderId ?? NO_ID,
    Folder: titleOf(folderPath),
    FolderPath: folderPath,
    ...(type === 'Credential' ? { Username: userOf(data) } : {}),
    Password: value,
    ...(type === 'Text' ? { Text: value } : {}),
    ...(type === 'File' ? fileView(data) : {}),
    Notes: notesOf(data),
    Urls: urlsOf(data).map((url, place) => ({
      Id: urlId(secret.id, place, url),
      CredentialId: secret.id,
      Url: url,
    })),
    ...ownersView(secret, showing.names, showing.version),
    CreatedOn: secret.createdAt.toISOString(),
    CreatedBy: secret.createdBy,
    ModifiedOn: secret.updatedAt.toISOString(),
    ModifiedBy: secret.updatedBy,
    ...(showing.version === '3.2'
      ? { SecretValueModifiedOn: (stored?.createdAt ?? secret.updatedAt).toISOString() }
      : {}),
  };
}

/** The last part of a name or of a folder's path. */
export const titleOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1);

function fileView(data: SecretData) {
  const file = fileOf(data);
  return { FileName: file?.name ?? '', FileHash: file?.sha256 ?? '' };
}

/** URLs are kept as what they are; clients want an id for each (a UUID of version 8, RFC 9562). */
function urlId(secretId: string, place: number, url: string): string {
  const hex = createHash('sha256').update(`${secretId}/${place}/${url}`).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
