import { Members, OrNull, Timestamp, Type, type Static } from '@strongroom/schema/types';
import type { Folder, FolderRoles } from '../domain/folder.ts';
import type { FolderKey } from '../store/folders.ts';
import { RoleHandle, roleHandle, roleIds, RoleList } from './secret-view.ts';

/** Shapes of a folder on the wire. */

export const FolderView = Members({
  id: Type.String(),
  number: Type.Integer(),
  path: Type.String({ description: 'The whole of it, from the top' }),
  parent_id: Type.Optional(Type.String({ description: 'Absent at the top' })),
  inherits: Type.Boolean({ description: 'Whether the roles of the folder above count here, too' }),
  read_roles: Type.Array(RoleHandle),
  write_roles: Type.Array(RoleHandle),
  effective_read_roles: Type.Array(RoleHandle, { description: 'Its own and those that it inherits' }),
  effective_write_roles: Type.Array(RoleHandle),
  created: Timestamp,
  updated: Timestamp,
  author: Type.String({ description: 'Who created it' }),
  updated_by: Type.String(),
});

/** What a client may state of a folder, beside its path. */
export const FolderInput = {
  read_roles: RoleList,
  write_roles: RoleList,
  inherits: OrNull(Type.Boolean()),
};
type StatedFolder = Static<ReturnType<typeof Members<typeof FolderInput>>>;

export const ById = Members({
  id: Type.String({
    pattern: '^([0-9]{1,10}|[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12})$',
    description: 'Its id or its number',
  }),
});

export const folderKey = (text: string): FolderKey =>
  text.length === 36 ? { id: text.toLowerCase() } : { number: Number(text) };

/** What is absent stays undefined; `null` empties a list. Each role once: their order says nothing. */
export const toFolderRoles = (
  body: StatedFolder,
): { [K in keyof FolderRoles]: FolderRoles[K] | undefined } => ({
  readRoles: body.read_roles === undefined ? undefined : distinctIds(body.read_roles ?? []),
  writeRoles: body.write_roles === undefined ? undefined : distinctIds(body.write_roles ?? []),
  inherits: body.inherits ?? undefined,
});

const distinctIds = (handles: readonly { id: string }[]): string[] => [...new Set(roleIds(handles))];

export function folderView(folder: Folder, names: ReadonlyMap<string, string>) {
  const handle = (id: string) => roleHandle(id, names);
  return {
    id: folder.id,
    number: folder.number,
    path: folder.path,
    ...(folder.parentId === undefined ? {} : { parent_id: folder.parentId }),
    inherits: folder.inherits,
    read_roles: folder.readRoles.map(handle),
    write_roles: folder.writeRoles.map(handle),
    effective_read_roles: folder.effectiveReadRoles.map(handle),
    effective_write_roles: folder.effectiveWriteRoles.map(handle),
    created: folder.createdAt.toISOString(),
    updated: folder.updatedAt.toISOString(),
    author: folder.createdBy,
    updated_by: folder.updatedBy,
  };
}
