import { ok, PUBLIC, route, withPermission, type Route } from '@strongroom/http/route';
import { Page, pageBounds, pageOf, PageQuery } from '@strongroom/http/secret-server-page';
import { Choice, Line, Members, OrNull, Text, Type, Uuid } from '@strongroom/schema/types';
import type { AuthContext } from '../../context.ts';
import {
  areMachinesEnabled,
  listSdkClients,
  readSdkClient,
  registerSdkClient,
  revokeSdkClient,
  switchSdkClients,
  updateSdkClient,
} from '../../operations/sdk-clients.ts';
import { API, ById, Number32, secretServer } from './route-parts.ts';
import { machineView, MachineView, RegisteredView } from './sdk-view.ts';

const MACHINES = `${API}/sdk-client-accounts`;
const MANAGE = withPermission('api-clients-manage');

/** Machines that registered themselves (contract secret-server.md 9). Literal paths come before `:id`. */
export const sdkClientRoutes = (ctx: AuthContext): Route[] => [
  route({
    ...secretServer,
    method: 'post',
    path: MACHINES,
    operationId: 'secretServerRegisterSdkClient',
    summary: 'Register this machine by a rule; the secret is shown this once',
    access: PUBLIC,
    bodyType: 'form',
    body: Members({
      clientId: Uuid,
      name: Line(256, 1),
      description: Text(1_024),
      ruleName: Line(256, 1),
      onboardingKey: OrNull(Line(256)),
    }),
    response: RegisteredView,
    handle: async ({ body, request }) => {
      const registered = await registerSdkClient(ctx, request, {
        ...body,
        onboardingKey: body.onboardingKey ?? undefined,
      });
      return {
        body: { ...machineView(registered), clientSecret: registered.secret },
        headers: { 'cache-control': 'no-store' },
      };
    },
  }),
  route({
    ...secretServer,
    method: 'get',
    path: MACHINES,
    operationId: 'secretServerListSdkClients',
    summary: 'Search registered machines; all with filter.operator All, revoked ones with Exclude',
    access: MANAGE,
    query: Members({
      ...PageQuery,
      'filter.operator': Type.Optional(Choice('All', 'Include', 'Exclude')),
      'filter.searchText': Type.Optional(Line(256)),
      'filter.userId': Type.Optional(Number32),
    }),
    response: Page(MachineView),
    handle: async ({ query }) => {
      const { total, clients } = await listSdkClients(ctx, {
        ...pageBounds(query),
        text: query['filter.searchText'],
        userNumber: query['filter.userId'],
        state: STATES[query['filter.operator'] ?? 'Include'],
      });
      return ok(pageOf(clients.map(machineView), total, query));
    },
  }),
  route({
    ...secretServer,
    method: 'get',
    path: `${MACHINES}/enabled`,
    operationId: 'secretServerSdkClientsEnabled',
    summary: 'Whether machines may register and sign in',
    access: MANAGE,
    response: Type.Boolean(),
    handle: async () => ok(await areMachinesEnabled(ctx)),
  }),
  route({
    ...secretServer,
    method: 'post',
    path: `${MACHINES}/enabled`,
    operationId: 'secretServerSwitchSdkClients',
    summary: 'Let machines register and sign in, or no longer',
    access: MANAGE,
    body: Members({ enabled: Type.Boolean() }),
    response: Type.Boolean(),
    handle: async ({ body, caller, request }) => {
      await switchSdkClients(ctx, { caller, request }, body.enabled);
      return ok(body.enabled);
    },
  }),
  route({
    ...secretServer,
    method: 'get',
    path: `${MACHINES}/:id`,
    operationId: 'secretServerGetSdkClient',
    summary: 'Read a registered machine',
    access: MANAGE,
    params: ById,
    response: MachineView,
    handle: async ({ params }) => ok(machineView(await readSdkClient(ctx, params.id))),
  }),
  route({
    ...secretServer,
    method: 'put',
    path: `${MACHINES}/:id`,
    operationId: 'secretServerUpdateSdkClient',
    summary: 'Call a registered machine something else',
    access: MANAGE,
    params: ById,
    body: Members({ name: Line(256, 1), details: OrNull(Text(1_024)) }),
    response: MachineView,
    handle: async ({ params, body, caller, request }) => {
      const input = { name: body.name, description: body.details ?? '' };
      return ok(machineView(await updateSdkClient(ctx, { caller, request }, params.id, input)));
    },
  }),
  route({
    ...secretServer,
    method: 'post',
    path: `${MACHINES}/:id/revoke`,
    operationId: 'secretServerRevokeSdkClient',
    summary: 'Take the access of a registered machine away, for good',
    access: MANAGE,
    params: ById,
    response: Type.Boolean(),
    handle: async ({ params, caller, request }) => {
      await revokeSdkClient(ctx, { caller, request }, params.id);
      return ok(true);
    },
  }),
];

/** What the contract's words stand for is not public; these are ours. */
const STATES = { All: 'all', Include: 'active', Exclude: 'revoked' } as const;
