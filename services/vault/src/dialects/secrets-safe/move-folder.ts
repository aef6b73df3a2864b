import { AUTHENTICATED, ok, route, type Route } from '@strongroom/http/route';
import { Choice, Members, OrNull, Type, Uuid } from '@strongroom/schema/types';
import type { VaultContext } from '../../context.ts';
import { lastSegment } from '../../domain/folder.ts';
import { moveFolder, type OnDuplicate } from '../../operations/move-folder.ts';
import { at, ById, secretsSafe, Versioned } from './api.ts';
import { NO_ID } from './secret-view.ts';

const MovedView = Members({
  FolderId: Type.String(),
  ParentId: OrNull(Type.String()),
  OldParentId: OrNull(Type.String()),
  FolderCount: Type.Integer({ description: 'The folder itself and those in it; 0: it was not moved' }),
  SecretCount: Type.Integer(),
  ShareCount: Type.Integer(),
  NewFolderName: Type.String(),
  OldFolderName: Type.String(),
});

const ACTIONS: Readonly<Record<'Rename' | 'Stop' | 'Skip', OnDuplicate>> = {
  Rename: 'rename',
  Stop: 'stop',
  Skip: 'skip',
};

/** Contract 5: a folder into another one, or with zeros to the top, where it is a safe. */
export const moveFolderRoutes = (ctx: VaultContext): Route[] => [
  route({
    ...secretsSafe,
    method: 'put',
    path: at('/folders/:id/move'),
    operationId: 'secretsSafeMoveFolder',
    summary: 'Move a folder with all that is in it',
    access: AUTHENTICATED,
    params: ById,
    query: Members(Versioned),
    body: Members({ DestinationFolderId: Uuid, DuplicateNameAction: Choice('Rename', 'Stop', 'Skip') }),
    response: MovedView,
    async handle({ params, body, caller, request }) {
      const { DestinationFolderId: id, DuplicateNameAction: action } = body;
      const destination = id === NO_ID ? undefined : { id };
      const moved = await moveFolder(ctx, caller, request, params, destination, ACTIONS[action]);
      const { before, after } = moved;
      return ok({
        FolderId: after.id,
        ParentId: after.parentId ?? null,
        OldParentId: before.parentId ?? null,
        FolderCount: moved.folders,
        SecretCount: moved.secrets,
        ShareCount: 0,
        NewFolderName: lastSegment(after.path),
        OldFolderName: lastSegment(before.path),
      });
    },
  }),
];
