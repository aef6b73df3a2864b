import { AUTHENTICATED, ok, route, type Route } from '@strongroom/http/route';
import { FreeObject, Members, Type } from '@strongroom/schema/types';
import type { VaultContext } from '../../context.ts';
import { locateSecret } from '../../operations/locate-secret.ts';
import { readMetadata } from '../../operations/read-secret.ts';
import { at, ById, secretsSafe, Versioned } from './api.ts';

/** Contract 4, row 14: a secret is in its one folder, so it is shared into none. */
export const shareRoutes = (ctx: VaultContext): Route[] => [
  route({
    ...secretsSafe,
    method: 'get',
    path: at('/secrets/:id/shares'),
    operationId: 'secretsSafeListShares',
    summary: 'The further folders that a secret is in: none',
    access: AUTHENTICATED,
    params: ById,
    query: Members(Versioned),
    response: Type.Array(FreeObject),
    async handle({ params, caller, request }) {
      // The same answers as everywhere to who may not know of it.
      await readMetadata(ctx, caller, request, await locateSecret(ctx, caller, request, params));
      return ok([]);
    },
  }),
];
