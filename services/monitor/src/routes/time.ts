import { AUTHENTICATED, ok, route, type Route } from '@strongroom/http/route';
import { Members, Timestamp } from '@strongroom/schema/types';
import type { MonitorContext } from '../context.ts';

export const timeRoute = ({ now }: Pick<MonitorContext, 'now'>): Route =>
  route({
    method: 'get',
    path: '/monitor-service/api/v1/time',
    operationId: 'getTime',
    tag: 'time',
    summary: 'Clock of the server',
    access: AUTHENTICATED,
    response: Members({ time_utc: Timestamp }),
    handle: () => ok({ time_utc: now().toISOString() }),
  });
