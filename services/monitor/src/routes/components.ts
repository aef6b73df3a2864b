import { objectNotFound } from '@strongroom/errors/common-errors';
import { AUTHENTICATED, ok, route, withPermission, type Route } from '@strongroom/http/route';
import { Choice, Line, Members, Timestamp, Type } from '@strongroom/schema/types';
import type { MonitorContext } from '../context.ts';
import { overallStatus } from '../domain/overall-status.ts';
import type { Replica, Replicas } from '../domain/replicas.ts';
import { serviceId } from '../domain/trail-line.ts';

const PREFIX = '/monitor-service/api/v1';
const access = withPermission('settings-view', 'settings-manage', 'logs-view', 'logs-manage');

/** As a service's own `status` (contract 0.9). */
const State = Choice('RUNNING', 'ERROR');

const Component = Members({
  id: Type.String({ description: 'Of this run of this replica' }),
  service_id: Type.String(),
  service_name: Type.String(),
  hostname: Type.String(),
  status: Members({
    variant: Type.String(),
    version: Type.String(),
    api_version: Type.String(),
    status: State,
    status_message: Type.String({ description: 'OK, or what is wrong' }),
    app_id: Type.String(),
    'server-mode': Type.String(),
    start_time: Timestamp,
    last_heard: Timestamp,
  }),
});
const Components = Type.Array(Component);

const InstanceStatus = Members({
  version: Type.String(),
  status: Choice('RUNNING', 'WARNING', 'ERROR'),
  status_message: Type.String(),
  services: Type.Array(
    Members({
      service_name: Type.String(),
      replicas: Type.Integer({ description: 'That monitor has heard of in the last ten minutes' }),
      ready: Type.Integer(),
    }),
  ),
});

/** Who runs (contract 7): every replica of every service, as it reports itself. */
export const componentRoutes = (
  { now, bus, config }: Pick<MonitorContext, 'now' | 'bus' | 'config'>,
  replicas: Replicas,
): Route[] => {
  const list = () => replicas.list(now(), bus.isConnected());
  return [
    route({
      method: 'get',
      path: `${PREFIX}/components`,
      operationId: 'listComponents',
      tag: 'components',
      summary: 'Every replica of every service with its status, by host',
      access,
      response: Type.Record(Type.String(), Components),
      handle() {
        const byHost = new Map<string, unknown[]>();
        for (const replica of list()) {
          const components = byHost.get(replica.hostname) ?? [];
          components.push(componentView(replica));
          byHost.set(replica.hostname, components);
        }
        return ok(Object.fromEntries(byHost));
      },
    }),
    route({
      method: 'get',
      path: `${PREFIX}/components/:hostname`,
      operationId: 'getComponents',
      tag: 'components',
      summary: 'Every replica of one host with its status',
      access,
      params: Members({ hostname: Line(255, 1) }),
      response: Components,
      handle({ params }) {
        const components = list().filter(({ hostname }) => hostname === params.hostname);
        if (components.length === 0) throw objectNotFound('Host');
        return ok(components.map(componentView));
      },
    }),
    route({
      method: 'get',
      path: `${PREFIX}/instance/status`,
      operationId: 'getInstanceStatus',
      tag: 'components',
      summary: 'Whether the platform as a whole works',
      access: AUTHENTICATED,
      response: InstanceStatus,
      handle() {
        const { status, message, services } = overallStatus(list(), bus.isConnected());
        return ok({
          version: config.version,
          status,
          status_message: message,
          services: services.map(({ service, known, ready }) => ({
            service_name: service,
            replicas: known,
            ready,
          })),
        });
      },
    }),
  ];
};

const componentView = ({
  id,
  hostname,
  service,
  version,
  startedAt,
  heardAt,
  isReady,
  message,
}: Replica) => ({
  id,
  service_id: serviceId(service),
  service_name: service,
  hostname,
  status: {
    variant: 'Strongroom',
    version,
    api_version: 'v1',
    status: isReady ? 'RUNNING' : 'ERROR',
    status_message: message,
    app_id: service,
    'server-mode': 'PRODUCTION',
    start_time: startedAt,
    last_heard: heardAt.toISOString(),
  },
});
