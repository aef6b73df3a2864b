import { entityTag, readIfMatch, readIfNoneMatch } from '@strongroom/http/entity-tags';
import { paging } from '@strongroom/http/paging';
import {
  AUTHENTICATED,
  created,
  ok,
  route,
  withPermission,
  type Reply,
  type Route,
} from '@strongroom/http/route';
import { Envelope, Members, OrNull, Type } from '@strongroom/schema/types';
import type { VaultContext } from '../context.ts';
import type { Folder } from '../domain/folder.ts';
import { changeFolder } from '../operations/change-folder.ts';
import { createFolder } from '../operations/create-folder.ts';
import { deleteFolder } from '../operations/delete-folder.ts';
import { once } from '../operations/once.ts';
import { listFolders, readFolder } from '../operations/read-folder.ts';
import { DeleteConditions, OnceOnly, ReadConditions, WriteConditions } from './conditions.ts';
import { ById, FolderInput, folderKey, folderView, FolderView, toFolderRoles } from './folder-view.ts';
import { NameInput } from './secret-view.ts';

const PATH = '/vault/api/v1/folders';

/** Folders of shared secrets: who may read and write below a part of their names (docs/folders.md). */
export const folderRoutes = (ctx: VaultContext): Route[] => [
  route({
    method: 'get',
    path: PATH,
    operationId: 'listFolders',
    tag: 'folders',
    summary: 'The folders right below one, or at the top, that the caller may know of',
    access: AUTHENTICATED,
    query: Members({ ...paging({ limit: 100, max: 100 }), parent: Type.Optional(NameInput) }),
    response: Envelope(FolderView),
    handle: async ({ query, caller, request }) => {
      const { count, folders } = await listFolders(ctx, caller, request, query.parent, query);
      const names = await ctx.roles.names();
      return ok({ count, items: folders.map(folder => folderView(folder, names)) });
    },
  }),
  route({
    method: 'post',
    path: PATH,
    operationId: 'createFolder',
    tag: 'folders',
    summary: 'Make a folder, and those above it that are missing',
    access: withPermission('vault-add', 'vault-manage'),
    status: 201,
    headers: OnceOnly,
    body: Members({ path: NameInput, ...FolderInput }),
    response: Members({ id: Type.String(), number: Type.Integer(), path: Type.String() }),
    handle: ({ headers, body, caller, request }) => {
      const { readRoles = [], writeRoles = [], inherits = true } = toFolderRoles(body);
      const input = { path: body.path, readRoles, writeRoles, inherits };
      return once<Folder, Reply>(
        ctx,
        { caller, request, key: headers['idempotency-key'], target: ['create folder', input] },
        ({ id, number, path }) => created({ id, number, path }, `${PATH}/${id}`),
        remember => createFolder(ctx, caller, request, input, remember),
      );
    },
  }),
  route({
    method: 'get',
    path: `${PATH}/:id`,
    operationId: 'getFolder',
    tag: 'folders',
    summary: 'One folder, by its id or number',
    access: AUTHENTICATED,
    params: ById,
    headers: ReadConditions,
    response: FolderView,
    handle: async ({ params, headers, caller, request }) => {
      const folder = await readFolder(ctx, caller, request, folderKey(params.id));
      const tag = { etag: entityTag(folder.revision) };
      if (readIfNoneMatch(headers['if-none-match'])(folder.revision)) return { status: 304, headers: tag };
      return { body: folderView(folder, await ctx.roles.names()), headers: tag };
    },
  }),
  route({
    method: 'put',
    path: `${PATH}/:id`,
    operationId: 'updateFolder',
    tag: 'folders',
    summary:
      'Move a folder with all that is in it, or change its roles; absent members stay, null empties a list',
    access: AUTHENTICATED,
    params: ById,
    headers: WriteConditions,
    body: Members({ path: OrNull(NameInput), ...FolderInput }),
    handle: ({ params, headers, body, caller, request }) => {
      const key = folderKey(params.id);
      const change = { path: body.path ?? undefined, ...toFolderRoles(body) };
      const expected = { revisions: readIfMatch(headers['if-match']) };
      return once<Folder, Reply>(
        ctx,
        {
          caller,
          request,
          key: headers['idempotency-key'],
          target: ['update folder', key, change, expected],
        },
        ({ revision }) => ({ headers: { etag: entityTag(revision) } }),
        remember => changeFolder(ctx, caller, request, key, change, expected, remember),
      );
    },
  }),
  route({
    method: 'delete',
    path: `${PATH}/:id`,
    operationId: 'deleteFolder',
    tag: 'folders',
    summary: 'Delete an empty folder',
    access: AUTHENTICATED,
    params: ById,
    headers: DeleteConditions,
    handle: async ({ params, headers, caller, request }) => {
      const revisions = readIfMatch(headers['if-match']);
      await deleteFolder(ctx, caller, request, folderKey(params.id), { revisions });
      return ok();
    },
  }),
];
