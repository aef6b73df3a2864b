import { created, ok, route, type Route } from '@strongroom/http/route';
import { Choice, Members, Type, Uuid } from '@strongroom/schema/types';
import type { SecretsManagerContext } from '../context.ts';
import { deployHost } from '../operations/deploy-host.ts';
import {
  createHost,
  deleteHost,
  setHostDeployable,
  setHostDisabled,
  updateHost,
} from '../operations/hosts.ts';
import { readHost } from '../operations/read-hosts.ts';
import { DEPLOY_HOSTS, HOST_STORE, MANAGE_HOSTS, VIEW_HOSTS } from './access.ts';
import { HostBody, toHostInput } from './host-body.ts';
import { ById, hostView, HostView } from './host-view.ts';

const HOSTS = `${HOST_STORE}/hosts`;
const tag = 'hosts';

/** Hosts (contract 6.1). */
export const hostRoutes = (ctx: SecretsManagerContext): Route[] => [
  route({
    method: 'post',
    path: HOSTS,
    operationId: 'createHost',
    tag,
    summary: 'Create a host',
    access: MANAGE_HOSTS,
    status: 201,
    body: HostBody,
    response: Members({ id: Uuid }),
    handle: async ({ body, caller, request }) => {
      const id = await createHost(ctx, { caller, request }, toHostInput(body));
      return created({ id }, `${HOSTS}/${id}`);
    },
  }),
  route({
    method: 'post',
    path: `${HOSTS}/deploy`,
    operationId: 'deployHost',
    tag,
    summary: 'Create a host, or replace the one that it is already',
    access: DEPLOY_HOSTS,
    body: HostBody,
    response: Members({ id: Uuid, action: Choice('CREATE', 'UPDATE') }),
    handle: async ({ body, caller, request }) =>
      ok(await deployHost(ctx, { caller, request }, toHostInput(body))),
  }),
  route({
    method: 'get',
    path: `${HOSTS}/:id`,
    operationId: 'getHost',
    tag,
    summary: 'Read a host; passphrases are masked',
    access: VIEW_HOSTS,
    params: ById,
    response: HostView,
    handle: async ({ params }) => ok(hostView(await readHost(ctx, params.id))),
  }),
  route({
    method: 'put',
    path: `${HOSTS}/:id`,
    operationId: 'updateHost',
    tag,
    summary: 'Replace a host; a masked passphrase stays as it is',
    access: MANAGE_HOSTS,
    params: ById,
    body: HostBody,
    handle: async ({ params, body, caller, request }) => {
      await updateHost(ctx, { caller, request }, params.id.toLowerCase(), toHostInput(body));
      return ok();
    },
  }),
  route({
    method: 'delete',
    path: `${HOSTS}/:id`,
    operationId: 'deleteHost',
    tag,
    summary: 'Delete a host with its host secret and accounts',
    access: MANAGE_HOSTS,
    params: ById,
    handle: async ({ params, caller, request }) => {
      await deleteHost(ctx, { caller, request }, params.id.toLowerCase());
      return ok();
    },
  }),
  route({
    method: 'put',
    path: `${HOSTS}/:id/deployable`,
    operationId: 'setHostDeployable',
    tag,
    summary: 'Say whether a deployment may replace the host',
    access: MANAGE_HOSTS,
    params: ById,
    body: Members({ deployable: Type.Boolean() }),
    handle: async ({ params, body, caller, request }) => {
      await setHostDeployable(ctx, { caller, request }, params.id.toLowerCase(), body.deployable);
      return ok();
    },
  }),
  route({
    method: 'put',
    path: `${HOSTS}/:id/disabled`,
    operationId: 'setHostDisabled',
    tag,
    summary: 'Disable or enable a host',
    access: MANAGE_HOSTS,
    params: ById,
    body: Members({ disabled: Type.Boolean() }),
    handle: async ({ params, body, caller, request }) => {
      await setHostDisabled(ctx, { caller, request }, params.id.toLowerCase(), body.disabled);
      return ok();
    },
  }),
];
