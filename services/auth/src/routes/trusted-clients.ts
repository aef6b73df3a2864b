import { paging } from '@strongroom/http/paging';
import { created, ok, route, withPermission, type Route } from '@strongroom/http/route';
import { Envelope, Members, Type, Uuid } from '@strongroom/schema/types';
import type { AuthContext } from '../context.ts';
import {
  createTrustedClient,
  deleteTrustedClient,
  listTrustedClients,
  readTrustedClient,
  updateTrustedClient,
} from '../operations/trusted-clients.ts';
import { listTrustedClients as listRows } from '../store/trusted-clients.ts';
import {
  extenderClientView,
  toTrustedClientInput,
  TrustedClientBody,
  TrustedClientResponse,
  trustedClientView,
} from './trusted-client-view.ts';

const PREFIX = '/local-user-store/api/v1/trusted-clients';
const VIEW = withPermission('settings-view', 'settings-manage');
const MANAGE = withPermission('settings-manage');
const ById = Members({ id: Uuid });
// Clients look for a name in the first answer, without paging (contract 5.2).
const Query = Members(paging({ limit: 1_000, max: 1_000 }));

/** Extenders, carriers and the like (contract 5.2), and what is to be known of extenders (5.3). */
export const trustedClientRoutes = (ctx: AuthContext): Route[] => [
  route({
    method: 'get',
    path: PREFIX,
    operationId: 'listTrustedClients',
    tag: 'trusted-clients',
    summary: 'List trusted clients; secrets are shown to those who may change them',
    access: VIEW,
    query: Query,
    response: Envelope(TrustedClientResponse),
    handle: async ({ query, caller, request }) => {
      const { count, clients } = await listTrustedClients(ctx, { caller, request }, query);
      return ok({ count, items: clients.map(trustedClientView) });
    },
  }),
  route({
    method: 'post',
    path: PREFIX,
    operationId: 'createTrustedClient',
    tag: 'trusted-clients',
    summary: 'Create a trusted client with random secrets',
    access: MANAGE,
    status: 201,
    body: TrustedClientBody,
    response: Members({ id: Uuid }),
    handle: async ({ body, caller, request }) => {
      const id = await createTrustedClient(ctx, { caller, request }, toTrustedClientInput(body));
      return created({ id }, `${PREFIX}/${id}`);
    },
  }),
  route({
    method: 'get',
    path: `${PREFIX}/:id`,
    operationId: 'getTrustedClient',
    tag: 'trusted-clients',
    summary: 'Read a trusted client; secrets are shown to those who may change it',
    access: VIEW,
    params: ById,
    response: TrustedClientResponse,
    handle: async ({ params, caller, request }) =>
      ok(trustedClientView(await readTrustedClient(ctx, { caller, request }, params.id))),
  }),
  route({
    method: 'put',
    path: `${PREFIX}/:id`,
    operationId: 'updateTrustedClient',
    tag: 'trusted-clients',
    summary: 'Replace a trusted client; type and secrets stay',
    access: MANAGE,
    params: ById,
    body: TrustedClientBody,
    handle: async ({ params, body, caller, request }) => {
      await updateTrustedClient(ctx, { caller, request }, params.id, toTrustedClientInput(body));
      return ok();
    },
  }),
  route({
    method: 'delete',
    path: `${PREFIX}/:id`,
    operationId: 'deleteTrustedClient',
    tag: 'trusted-clients',
    summary: 'Delete a trusted client',
    access: MANAGE,
    params: ById,
    handle: async ({ params, caller, request }) => {
      await deleteTrustedClient(ctx, { caller, request }, params.id);
      return ok();
    },
  }),
  route({
    method: 'get',
    path: '/local-user-store/api/v1/extender-clients',
    operationId: 'listExtenderClients',
    tag: 'trusted-clients',
    summary: 'List extenders, without secrets',
    access: VIEW,
    query: Query,
    response: Envelope(
      Type.Object({ type: Type.String(), name: Type.String() }, { additionalProperties: true }),
    ),
    handle: async ({ query }) => {
      const { count, clients } = await listRows(ctx.db, { ...query, type: 'EXTENDER' });
      return ok({ count, items: clients.map(extenderClientView) });
    },
  }),
];
