import type { Caller, RequestInfo } from '@strongroom/contracts/caller';
import { AUTHENTICATED, ok, route, withPermission, type Reply, type Route } from '@strongroom/http/route';
import { Line, Members, Type } from '@strongroom/schema/types';
import type { VaultContext } from '../../context.ts';
import { folderNotFound } from '../../domain/errors.ts';
import { INHERITING, nameIn, type Folder } from '../../domain/folder.ts';
import { createFolder } from '../../operations/create-folder.ts';
import { deleteFolder } from '../../operations/delete-folder.ts';
import { findFolders } from '../../operations/find-folders.ts';
import { locateFolder } from '../../operations/locate-folder.ts';
import { FORGET } from '../../operations/once.ts';
import { placeFolder } from '../../operations/place-folder.ts';
import { readFolder } from '../../operations/read-folder.ts';
import { at, ById, Paging, secretsSafe, Versioned } from './api.ts';
import { FolderInput, FolderView, folderView, SafeInput } from './folder-view.ts';
import { makerRoles } from './maker-roles.ts';
import { NO_ID } from './secret-view.ts';

/** Folders, and safes, which are the folders at the top (contract 5). */
export const folderRoutes = (ctx: VaultContext): Route[] => [
  ...routesOf(ctx, 'folder'),
  ...routesOf(ctx, 'safe'),
];

function routesOf(ctx: VaultContext, kind: 'folder' | 'safe'): Route[] {
  const isSafe = kind === 'safe';
  const path = `/${kind}s`;
  const named = (act: string) => `secretsSafe${act}${isSafe ? 'Safe' : 'Folder'}`;
  const read = async (caller: Caller, request: RequestInfo, id: string): Promise<Folder> => {
    const folder = await readFolder(ctx, caller, request, { id });
    if (isSafe && folder.parentId !== undefined) throw folderNotFound();
    return folder;
  };
  return [
    route({
      ...secretsSafe,
      method: 'get',
      path: at(path),
      operationId: `${named('List')}s`,
      summary: isSafe ? 'The folders at the top' : 'Folders on all levels, safes among them, by their paths',
      access: AUTHENTICATED,
      query: Members({
        ...Paging,
        ...Versioned,
        folderName: Type.Optional(Line(256)),
        folderPath: Type.Optional(Line(2_048)),
        includeSubfolders: Type.Boolean({ default: true }),
        rootOnly: Type.Boolean({ default: false }),
      }),
      response: Type.Array(FolderView),
      async handle({ query, caller, request }) {
        const { folderName, folderPath, includeSubfolders, rootOnly } = query;
        const direct = isSafe || rootOnly || !includeSubfolders;
        const search =
          isSafe || rootOnly || folderPath === undefined
            ? { direct, text: folderName }
            : { direct, text: folderName, parent: { path: folderPath } };
        const { folders } = await findFolders(ctx, caller, request, search, query);
        return ok(folders.map(folderView));
      },
    }),
    route({
      ...secretsSafe,
      method: 'post',
      path: at(path),
      operationId: named('Create'),
      summary: isSafe ? 'Make a folder at the top' : 'Make a folder',
      access: withPermission('vault-add', 'vault-manage'),
      status: 201,
      bodyType: 'form',
      query: Members(Versioned),
      body: FolderInput,
      response: FolderView,
      async handle({ body, caller, request }) {
        const parentId = isSafe || !body.ParentId || body.ParentId === NO_ID ? undefined : body.ParentId;
        const parent =
          parentId === undefined ? undefined : await locateFolder(ctx, caller, request, { id: parentId });
        const own = parent === undefined ? await makerRoles(ctx, caller) : INHERITING;
        const folder = { path: nameIn(parent?.path, body.Name), ...own };
        return ok(folderView(await createFolder(ctx, caller, request, folder, FORGET)));
      },
    }),
    route({
      ...secretsSafe,
      method: 'get',
      path: at(`${path}/:id`),
      operationId: named('Get'),
      summary: `One ${kind}`,
      access: AUTHENTICATED,
      params: ById,
      response: FolderView,
      handle: async ({ params, caller, request }) => ok(folderView(await read(caller, request, params.id))),
    }),
    route({
      ...secretsSafe,
      method: 'put',
      path: at(`${path}/:id`),
      operationId: named('Rename'),
      summary: `Rename a ${kind}`,
      access: AUTHENTICATED,
      status: isSafe ? 204 : 200,
      bodyType: 'form',
      params: ById,
      query: Members(Versioned),
      body: SafeInput,
      ...(isSafe ? {} : { response: FolderView }),
      async handle({ params, body, caller, request }): Promise<Reply> {
        const { number } = await read(caller, request, params.id);
        const renamed = await placeFolder(ctx, caller, request, number, { name: body.Name });
        return isSafe ? ok() : ok(folderView(renamed));
      },
    }),
    route({
      ...secretsSafe,
      method: 'delete',
      path: at(`${path}/:id`),
      operationId: named('Delete'),
      summary: `Delete a ${kind} in which nothing is`,
      access: AUTHENTICATED,
      status: 204,
      params: ById,
      async handle({ params, caller, request }) {
        const { id } = await read(caller, request, params.id);
        await deleteFolder(ctx, caller, request, { id }, { revisions: undefined });
        return ok();
      },
    }),
  ];
}
