import { isDescending, paging, SortDirection } from '@strongroom/http/paging';
import { ok, route, type Route } from '@strongroom/http/route';
import { Envelope, Line, Members, OrNull, Type } from '@strongroom/schema/types';
import type { SecretsManagerContext } from '../context.ts';
import { hostNotFound } from '../domain/errors.ts';
import { lower } from '../domain/host.ts';
import { DEFAULT_SERVICE_OPTIONS } from '../domain/service-options.ts';
import { readable, readableHosts } from '../operations/read-hosts.ts';
import { listTags, resolveHost, searchHosts, type HostPage, type HostQuery } from '../store/host-search.ts';
import { HOST_STORE, VIEW_HOSTS } from './access.ts';
import { ServiceOptions } from './host-principal-body.ts';
import { HostPaging, HostSearchBody, toHostPage, toHostQuery } from './host-query.ts';
import { hostView, HostView } from './host-view.ts';
import { Port } from './wire-types.ts';

const HOSTS = `${HOST_STORE}/hosts`;
const tag = 'hosts';

/** Ways to find hosts (contract 6.1). */
export const hostSearchRoutes = (ctx: SecretsManagerContext): Route[] => {
  const page = async (query: HostQuery, page: HostPage) => {
    const { count, hosts } = await searchHosts(ctx.db, query, page);
    return ok({ count, items: (await readableHosts(ctx, hosts)).map(hostView) });
  };
  return [
    route({
      method: 'get',
      path: HOSTS,
      operationId: 'listHosts',
      tag,
      summary: 'List hosts by common name or another member',
      access: VIEW_HOSTS,
      query: HostPaging,
      response: Envelope(HostView),
      handle: ({ query }) => page(toHostQuery({}), toHostPage(query)),
    }),
    route({
      method: 'post',
      path: `${HOSTS}/search`,
      operationId: 'searchHosts',
      tag,
      summary: 'Search hosts: all that is given must hold, of a list one is enough',
      access: VIEW_HOSTS,
      query: HostPaging,
      body: HostSearchBody,
      response: Envelope(HostView),
      handle: ({ query, body }) => page(toHostQuery(body), toHostPage(query)),
    }),
    route({
      method: 'post',
      path: `${HOSTS}/resolve`,
      operationId: 'resolveHost',
      tag,
      summary: 'Find the one host that offers a service at an address',
      access: VIEW_HOSTS,
      body: Members({ service: Line(64, 1), address: Line(1_024, 1), port: Port }),
      response: HostView,
      handle: async ({ body }) => {
        const host = await resolveHost(ctx.db, {
          service: body.service.toUpperCase(),
          address: lower(body.address),
          port: body.port === undefined || body.port === 0 ? null : body.port,
        });
        if (host === undefined) throw hostNotFound();
        return ok(hostView(await readable(ctx, host)));
      },
    }),
    route({
      method: 'get',
      path: `${HOSTS}/tags`,
      operationId: 'listHostTags',
      tag,
      summary: 'List the tags of all hosts',
      access: VIEW_HOSTS,
      query: Members({
        ...paging({ limit: 50, max: 1_000 }),
        query: OrNull(Line(256)),
        sortdir: Type.Optional(SortDirection),
      }),
      response: Envelope(Type.String()),
      handle: async ({ query: { query, sortdir, offset, limit } }) => {
        const descending = isDescending(sortdir);
        const { count, tags } = await listTags(ctx.db, { part: query ?? '', descending, offset, limit });
        return ok({ count, items: tags });
      },
    }),
    route({
      method: 'get',
      path: `${HOST_STORE}/settings/default_service_options`,
      operationId: 'getDefaultServiceOptions',
      tag,
      summary: 'What an account may do over each service unless it says otherwise',
      access: VIEW_HOSTS,
      response: ServiceOptions,
      handle: () => ok(DEFAULT_SERVICE_OPTIONS),
    }),
  ];
};
