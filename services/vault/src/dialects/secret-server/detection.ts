import { AUTHENTICATED, ok, PUBLIC, route, type Route } from '@strongroom/http/route';
import { Members, Type } from '@strongroom/schema/types';
import type { VaultContext } from '../../context.ts';
import { inVersions, secretServer, V1 } from './versions.ts';

/** The version whose API is spoken; clients compare it with the least one that they want. */
const SPOKEN_VERSION = '11.7.000000';

const flags = ['Healthy', 'DatabaseHealthy', 'ServiceBusHealthy', 'StorageAccountHealthy'] as const;

/** How clients find out what they talk to (contract 2, 3). Some ask before every request. */
export const detectionRoutes = (ctx: Pick<VaultContext, 'isReady'>): Route[] => [
  ...inVersions(V1, (at, named) =>
    route({
      ...secretServer,
      method: 'get',
      path: at('/healthcheck'),
      operationId: named('HealthCheck'),
      summary: 'Whether secrets can be had; in Pascal case, by which clients know the server',
      access: PUBLIC,
      response: Members({
        ...Object.fromEntries(flags.map(flag => [flag, Type.Boolean()])),
        ScheduledForDeletion: Type.Boolean(),
      }),
      async handle() {
        const healthy = await ctx.isReady().catch(() => false);
        return ok({
          ...Object.fromEntries(flags.map(flag => [flag, healthy])),
          ScheduledForDeletion: false,
        });
      },
    }),
  ),
  ...inVersions(V1, (at, named) =>
    route({
      ...secretServer,
      method: 'get',
      path: at('/version'),
      operationId: named('Version'),
      summary: 'The version of the API that is spoken',
      access: AUTHENTICATED,
      response: Members({
        model: Members({ version: Type.String() }),
        success: Type.Boolean(),
      }),
      handle: () => ok({ model: { version: SPOKEN_VERSION }, success: true }),
    }),
  ),
];
