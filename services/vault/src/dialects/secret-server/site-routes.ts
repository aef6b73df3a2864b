import { AUTHENTICATED, ok, route, type Route } from '@strongroom/http/route';
import { Members, Type } from '@strongroom/schema/types';
import { inVersions, secretServer, V1 } from './versions.ts';

/** Where the product runs its engines. Here is one place, and clients state its number with every secret (contract 8). */
export const LOCAL_SITE = { active: true, siteId: 1, siteName: 'Local' } as const;

export const siteRoutes: readonly Route[] = [
  ...inVersions(V1, (at, named) =>
    route({
      ...secretServer,
      method: 'get',
      path: at('/sites'),
      operationId: named('ListSites'),
      summary: 'The one site',
      access: AUTHENTICATED,
      response: Type.Array(
        Members({ active: Type.Boolean(), siteId: Type.Integer(), siteName: Type.String() }),
      ),
      handle: () => ok([LOCAL_SITE]),
    }),
  ),
];
