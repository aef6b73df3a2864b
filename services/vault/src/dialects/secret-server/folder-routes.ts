import type { Caller, RequestInfo } from '@strongroom/contracts/caller';
import { invalidField } from '@strongroom/errors/common-errors';
import { AUTHENTICATED, ok, route, withPermission, type Route } from '@strongroom/http/route';
import {
  MAX_TAKE,
  Page,
  pageBounds,
  pageOf,
  PageQuery,
  SortQuery,
} from '@strongroom/http/secret-server-page';
import { Choice, Line, Members, Name, OrNull, Type, type Static } from '@strongroom/schema/types';
import type { VaultContext } from '../../context.ts';
import type { PlacedFolder } from '../../domain/folder.ts';
import { mayManage } from '../../domain/secret.ts';
import { deleteFolder } from '../../operations/delete-folder.ts';
import { findFolders, readPlacedFolder, type FolderSearch } from '../../operations/find-folders.ts';
import { createPlacedFolder, placeFolder } from '../../operations/place-folder.ts';
import { Dirty, dirtyValue, refuseUnkept } from './dirty.ts';
import {
  FOLDER_TYPE,
  FolderDetail,
  folderDetail,
  folderStub,
  FolderSummary,
  folderSummary,
  FolderView,
  folderView,
} from './folder-view.ts';
import { Deleted, Lookup } from './answers.ts';
import { ById, Id, pathOf } from './secret-key.ts';
import { inVersions, secretServer, V1 } from './versions.ts';

/** A number, or -1 for none. */
const OptionalId = Type.Integer({ minimum: -1, maximum: 2 ** 31 - 1 });

const FolderQuery = Members({
  ...PageQuery,
  ...SortQuery,
  'filter.searchText': Type.Optional(Line(512)),
  'filter.parentFolderId': Type.Optional(OptionalId),
  'filter.limitToDirectDescendents': Type.Optional(Type.Boolean()),
  'filter.onlyIncludeRootFolders': Type.Optional(Type.Boolean()),
  'filter.permissionRequired': Type.Optional(Choice('Owner', 'Edit', 'AddSecret', 'View')),
  'filter.folderTypeId': Type.Optional(Type.Integer()),
});

/** What a folder is made from and put back as; the rest of what clients echo is dropped. */
const stated = {
  folderName: Name(512),
  folderTypeId: Type.Integer({ minimum: 1, maximum: 3 }),
  inheritPermissions: OrNull(Type.Boolean()),
  inheritSecretPolicy: OrNull(Type.Boolean()),
  secretPolicyId: OrNull(OptionalId),
};

const Change = Members({
  data: Members({
    folderName: Dirty(Name(512)),
    enableInheritPermissions: Dirty(Type.Boolean()),
    enableInheritSecretPolicy: Dirty(Type.Boolean()),
    secretPolicy: Dirty(OptionalId),
    allowedTemplates: OrNull(Type.Array(Type.Unknown(), { maxItems: 1_000 })),
  }),
});

/** Folders as clients of Secret Server see them (contract 7). */
export const folderRoutes = (ctx: VaultContext): Route[] => [
  ...inVersions(V1, (at, named) =>
    route({
      ...secretServer,
      method: 'get',
      path: at('/folders'),
      operationId: named('SearchFolders'),
      summary: 'Folders that the caller may know of, by their paths',
      access: AUTHENTICATED,
      query: FolderQuery,
      response: Page(FolderSummary),
      handle: async ({ query, caller, request }) => {
        const { count, folders } = await search(ctx, query, caller, request);
        return ok(pageOf(folders.map(folderSummary), count, query));
      },
    }),
  ),
  ...inVersions(V1, (at, named) =>
    route({
      ...secretServer,
      method: 'get',
      path: at('/folders/lookup'),
      operationId: named('LookUpFolders'),
      summary: 'The same with numbers and names alone',
      access: AUTHENTICATED,
      query: FolderQuery,
      response: Page(Lookup),
      handle: async ({ query, caller, request }) => {
        const { count, folders } = await search(ctx, query, caller, request);
        const records = folders.map(folderSummary).map(({ id, folderName }) => ({ id, value: folderName }));
        return ok(pageOf(records, count, query));
      },
    }),
  ),
  ...inVersions(V1, (at, named) =>
    route({
      ...secretServer,
      method: 'get',
      path: at('/folders/stub'),
      operationId: named('GetFolderStub'),
      summary: 'What a new folder starts from',
      access: AUTHENTICATED,
      response: FolderView,
      handle: () => ok(folderStub),
    }),
  ),
  ...inVersions(V1, (at, named) =>
    route({
      ...secretServer,
      method: 'get',
      path: at('/folders/:id'),
      operationId: named('GetFolder'),
      summary: 'One folder; with the id 0, by its path',
      access: AUTHENTICATED,
      params: ById,
      query: Members({
        folderPath: Type.Optional(Line(1_024)),
        getAllChildren: Type.Optional(Type.Boolean()),
        includeAssociatedTemplates: Type.Optional(Type.Boolean()),
      }),
      response: FolderView,
      handle: async ({ params, query, caller, request }) => {
        const path = params.id === 0 ? query.folderPath : undefined;
        const reference = path === undefined ? { number: params.id } : { path: pathOf(path) };
        const folder = await readPlacedFolder(ctx, caller, request, reference);
        if (query.getAllChildren !== true) return ok(folderView(folder, []));
        const below = { parent: { number: folder.number }, direct: true };
        const { folders } = await findFolders(ctx, caller, request, below, { offset: 0, limit: MAX_TAKE });
        return ok(folderView(folder, folders));
      },
    }),
  ),
  ...inVersions(V1, (at, named) =>
    route({
      ...secretServer,
      method: 'post',
      path: at('/folders'),
      operationId: named('CreateFolder'),
      summary: 'Make a folder in another, or at the top',
      access: withPermission('vault-add', 'vault-manage'),
      body: Members({ ...stated, parentFolderId: OrNull(OptionalId) }),
      response: FolderView,
      handle: async ({ body, caller, request }) => {
        refuseUnkept({ secretPolicyId: body.secretPolicyId });
        const folder = await createPlacedFolder(ctx, caller, request, {
          name: body.folderName,
          parent: toParent(body.parentFolderId ?? -1),
          inherits: body.inheritPermissions ?? true,
        });
        return ok(folderView(folder, []));
      },
    }),
  ),
  ...inVersions(V1, (at, named) =>
    route({
      ...secretServer,
      method: 'put',
      path: at('/folders/:id'),
      operationId: named('UpdateFolder'),
      summary: 'Rename or move a folder with all that is in it, or let it inherit',
      access: AUTHENTICATED,
      params: ById,
      body: Members({ ...stated, id: Id, parentFolderId: OrNull(OptionalId) }),
      response: FolderView,
      handle: async ({ params, body, caller, request }) => {
        requireSameId(params.id, body.id);
        refuseUnkept({ secretPolicyId: body.secretPolicyId });
        const folder = await placeFolder(ctx, caller, request, params.id, {
          name: body.folderName,
          ...(typeof body.parentFolderId === 'number' && { parent: toParent(body.parentFolderId) }),
          ...(typeof body.inheritPermissions === 'boolean' && { inherits: body.inheritPermissions }),
        });
        return ok(folderView(folder, []));
      },
    }),
  ),
  ...inVersions(V1, (at, named) =>
    route({
      ...secretServer,
      method: 'patch',
      path: at('/folder/:id'),
      operationId: named('PatchFolder'),
      summary: 'The same, of what is stated to be dirty',
      access: AUTHENTICATED,
      params: ById,
      body: Change,
      response: FolderDetail,
      handle: async ({ params, body: { data }, caller, request }) => {
        refuseUnkept({
          secretPolicy: dirtyValue(data.secretPolicy),
          allowedTemplates: data.allowedTemplates?.length,
        });
        const name = dirtyValue(data.folderName);
        const inherits = dirtyValue(data.enableInheritPermissions);
        const folder = await placeFolder(ctx, caller, request, params.id, {
          ...(typeof name === 'string' && { name }),
          ...(typeof inherits === 'boolean' && { inherits }),
        });
        return ok(folderDetail(caller, folder));
      },
    }),
  ),
  ...inVersions(V1, (at, named) =>
    route({
      ...secretServer,
      method: 'delete',
      path: at('/folders/:id'),
      operationId: named('DeleteFolder'),
      summary: 'Delete an empty folder',
      access: AUTHENTICATED,
      params: ById,
      response: Deleted,
      handle: async ({ params, caller, request }) => {
        await deleteFolder(ctx, caller, request, { number: params.id }, {});
        return ok({ id: params.id, objectType: 'Folder', responseCodes: [] });
      },
    }),
  ),
  ...inVersions(V1, (at, named) =>
    route({
      ...secretServer,
      method: 'get',
      path: at('/folder-details/:id'),
      operationId: named('GetFolderDetail'),
      summary: 'What the caller may do with a folder',
      access: AUTHENTICATED,
      params: ById,
      response: FolderDetail,
      handle: async ({ params, caller, request }) =>
        ok(folderDetail(caller, await readPlacedFolder(ctx, caller, request, { number: params.id }))),
    }),
  ),
];

async function search(
  ctx: VaultContext,
  query: Static<typeof FolderQuery>,
  caller: Caller,
  request: RequestInfo,
): Promise<{ count: number; folders: readonly PlacedFolder[] }> {
  const needed = query['filter.permissionRequired'] ?? 'View';
  const type = query['filter.folderTypeId'] ?? FOLDER_TYPE;
  if (type !== FOLDER_TYPE || (needed === 'Owner' && !mayManage(caller))) return { count: 0, folders: [] };
  const parent = toParent(query['filter.parentFolderId'] ?? -1);
  const onlyTop = query['filter.onlyIncludeRootFolders'] === true;
  const asked: FolderSearch = {
    ...(parent !== null && { parent: { number: parent } }),
    direct: onlyTop || query['filter.limitToDirectDescendents'] === true,
    text: query['filter.searchText'],
    writable: needed !== 'View',
  };
  // None of those at the top lies in another.
  if (onlyTop && parent !== null) return { count: 0, folders: [] };
  return findFolders(ctx, caller, request, asked, pageBounds(query));
}

const toParent = (id: number): number | null => (id <= 0 ? null : id);

function requireSameId(id: number, stated: number): void {
  if (id !== stated) throw invalidField('id', 'id differs from the path');
}
