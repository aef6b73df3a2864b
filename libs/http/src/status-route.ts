import { Type } from '@strongroom/schema/types';
import { ok, PUBLIC, route, type Route } from './route.ts';

export interface ServiceStatus {
  /** Path prefix of the API, e.g. `/vault/api/v1`. */
  prefix: string;
  service: string;
  version: string;
  startedAt: Date;
  isReady: () => Promise<boolean>;
}

/** `GET <prefix>/status` (contract 0.9). Public: PrivX's Python SDK asks without a token. */
export function statusRoute(status: ServiceStatus): Route {
  return route({
    method: 'get',
    path: `${status.prefix}/status`,
    operationId: `${status.prefix.split('/')[1] ?? status.service}-status`,
    tag: status.service,
    summary: 'Status of the service',
    access: PUBLIC,
    response: Type.Object({
      variant: Type.String(),
      version: Type.String(),
      api_version: Type.String(),
      status: Type.Union([Type.Literal('RUNNING'), Type.Literal('ERROR')]),
      status_message: Type.String(),
      app_id: Type.String(),
      'server-mode': Type.String(),
      status_details: Type.Array(Type.Object({ k: Type.String(), v: Type.String() })),
      start_time: Type.String({ format: 'date-time' }),
    }),
    handle: async () => {
      const ready = await status.isReady().catch(() => false);
      return ok({
        variant: 'Strongroom',
        version: status.version,
        api_version: 'v1',
        status: ready ? 'RUNNING' : 'ERROR',
        status_message: ready ? 'OK' : 'Acts cannot be recorded: the database cannot be reached or written',
        app_id: status.service,
        'server-mode': 'PRODUCTION',
        status_details: [],
        start_time: status.startedAt.toISOString(),
      });
    },
  });
}
