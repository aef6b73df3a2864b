import { AUTHENTICATED, ok, route, type Route } from '@strongroom/http/route';
import type { VaultContext } from '../../context.ts';
import { deleteSecret } from '../../operations/delete-secret.ts';
import { locateSecret } from '../../operations/locate-secret.ts';
import { at, ById, secretsSafe } from './api.ts';

/** Contract 4, row 13. For good, with all versions: the dialect knows no way back. */
export const deleteSecretRoutes = (ctx: VaultContext): Route[] => [
  route({
    ...secretsSafe,
    method: 'delete',
    path: at('/secrets/:id'),
    operationId: 'secretsSafeDeleteSecret',
    summary: 'Delete a secret with all its versions',
    access: AUTHENTICATED,
    params: ById,
    async handle({ params, caller, request }) {
      const address = await locateSecret(ctx, caller, request, params);
      await deleteSecret(ctx, caller, request, address, { revisions: undefined });
      return ok();
    },
  }),
];
