import { Line, Members, OrNull, Text, Type, Uuid } from '@strongroom/schema/types';
import { lastSegment, type Folder } from '../../domain/folder.ts';

/** A folder on the wire (contract 5). A safe is a folder at the top. Folders have no description here. */
export const FolderView = Members({
  Id: Type.String(),
  Name: Type.String(),
  Description: Type.String(),
  ParentId: Type.Union([Type.String(), Type.Null()]),
  UserGroupId: Type.Integer(),
  UserId: Type.Null(),
});

export const folderView = ({ id, path, parentId }: Folder) => ({
  Id: id,
  Name: lastSegment(path),
  Description: '',
  ParentId: parentId ?? null,
  // Not null: one client decodes a number that must be there.
  UserGroupId: 0,
  UserId: null,
});

/** The parent is a folder or a safe; zeros, nothing and null are the top. What else clients say of a folder is not kept. */
export const SafeInput = Members({ Name: Line(256, 1), Description: OrNull(Text(256)) });
export const FolderInput = Members({
  Name: Line(256, 1),
  Description: OrNull(Text(256)),
  ParentId: OrNull(Type.Union([Uuid, Type.Literal('')])),
});
