import type { Caller } from '@strongroom/contracts/caller';
import { Members, OrNull, Type } from '@strongroom/schema/types';
import { backslashed } from './summary-view.ts';
import { lastSegment, mayAddTo, type PlacedFolder } from '../../domain/folder.ts';
import { mayManage } from '../../domain/secret.ts';

/** How the dialect says "none" where it wants a number (contract 1.2). */
const NONE = -1;

/** The product's other types are for one person's secrets. */
export const FOLDER_TYPE = 1;

const summary = {
  id: Type.Integer(),
  folderName: Type.String(),
  folderPath: Type.String({ description: 'With backslashes, and one in front' }),
  parentFolderId: Type.Integer({ description: '-1: at the top' }),
  folderTypeId: Type.Integer({ description: 'Always 1' }),
  secretPolicyId: Type.Integer({ description: 'Always -1: there are none' }),
  inheritSecretPolicy: Type.Boolean(),
  inheritPermissions: Type.Boolean(),
};

/** Clients cast to classes of exactly these members (contract 1.5). */
export const FolderSummary = Members(summary);

export const FolderView = Members({
  ...summary,
  childFolders: Type.Array(
    Members({
      ...summary,
      childFolders: Type.Array(Type.Never()),
      secretTemplates: Type.Array(Type.Never()),
    }),
    { description: 'Those right below, when they are asked for' },
  ),
  secretTemplates: Type.Array(Type.Never(), { description: 'Always empty: any template may be used' }),
});

export const FolderDetail = Members({
  id: Type.Integer(),
  name: Type.String(),
  actions: Type.Array(Type.String(), { description: 'What the caller may do' }),
  allowedTemplates: Type.Array(Type.Never(), { description: 'Always empty: any template may be used' }),
  folderWarning: OrNull(Type.String()),
});

export const folderSummary = ({ number, path, parentNumber, inherits }: PlacedFolder) => ({
  id: number,
  folderName: lastSegment(path),
  folderPath: backslashed(path),
  parentFolderId: parentNumber ?? NONE,
  folderTypeId: FOLDER_TYPE,
  secretPolicyId: NONE,
  inheritSecretPolicy: false,
  inheritPermissions: inherits,
});

const withoutChildren = (folder: PlacedFolder) => ({
  ...folderSummary(folder),
  childFolders: [],
  secretTemplates: [],
});

export const folderView = (folder: PlacedFolder, children: readonly PlacedFolder[]) => ({
  ...withoutChildren(folder),
  childFolders: children.map(withoutChildren),
});

/** What a client starts from that is to make a folder. */
export const folderStub = {
  id: 0,
  folderName: '',
  folderPath: '',
  parentFolderId: NONE,
  folderTypeId: FOLDER_TYPE,
  secretPolicyId: NONE,
  inheritSecretPolicy: false,
  inheritPermissions: true,
  childFolders: [],
  secretTemplates: [],
};

export const folderDetail = (caller: Caller, folder: PlacedFolder) => ({
  id: folder.number,
  name: lastSegment(folder.path),
  actions: folderActions(caller, folder),
  allowedTemplates: [],
  folderWarning: null,
});

function folderActions(caller: Caller, folder: PlacedFolder): string[] {
  const mayAdd = (mayManage(caller) || caller.permissions.has('vault-add')) && mayAddTo(caller, folder);
  return [
    ...(mayAdd ? ['CreateSubfolder', 'AddSecret'] : []),
    ...(mayManage(caller) ? ['EditFolder', 'DeleteFolder', 'MoveFolder'] : []),
  ];
}
