import { created, ok, route, withPermission, type Route } from '@strongroom/http/route';
import { Envelope, Members, Type, Uuid } from '@strongroom/schema/types';
import type { AuthContext } from '../context.ts';
import {
  createIdpClient,
  deleteIdpClient,
  readIdpClient,
  regenerateIdpClient,
  updateIdpClient,
} from '../operations/idp-clients.ts';
import { listIdpClients } from '../store/idp-clients.ts';
import { IdpClientBody, IdpClientResponse, idpClientView, toIdpClientInput } from './idp-client-view.ts';
import { sortedPaging, toListQuery } from './listing.ts';

const PREFIX = '/auth/api/v1/idp/clients';
const VIEW = withPermission('idp-clients-view', 'idp-clients-manage');
const MANAGE = withPermission('idp-clients-manage');
const ById = Members({ id: Uuid });

/** Applications that sign people in through us (contract 1.7). The list is our own addition to it. */
export const idpClientRoutes = (ctx: AuthContext): Route[] => [
  route({
    method: 'get',
    path: PREFIX,
    operationId: 'listIdpClients',
    tag: 'idp-clients',
    summary: 'List applications, without their secrets',
    access: VIEW,
    query: Members(sortedPaging({ limit: 50, max: 1_000 })),
    response: Envelope(IdpClientResponse),
    handle: async ({ query }) => {
      const { count, clients } = await listIdpClients(ctx.db, toListQuery(query));
      return ok({ count, items: clients.map(client => idpClientView(client, ctx.config.issuer, undefined)) });
    },
  }),
  route({
    method: 'post',
    path: PREFIX,
    operationId: 'createIdpClient',
    tag: 'idp-clients',
    summary: 'Register an application; client id and secret are made here',
    access: MANAGE,
    status: 201,
    body: IdpClientBody,
    response: Members({ id: Uuid }),
    handle: async ({ body, caller, request }) => {
      const id = await createIdpClient(ctx, { caller, request }, toIdpClientInput(body));
      return created({ id }, `${PREFIX}/${id}`);
    },
  }),
  route({
    method: 'get',
    path: `${PREFIX}/:id`,
    operationId: 'getIdpClient',
    tag: 'idp-clients',
    summary: 'Read an application; its secret is shown to those who may change it',
    access: VIEW,
    params: ById,
    response: IdpClientResponse,
    handle: async ({ params, caller, request }) => {
      const { client, secret } = await readIdpClient(ctx, { caller, request }, params.id);
      return ok(idpClientView(client, ctx.config.issuer, secret));
    },
  }),
  route({
    method: 'put',
    path: `${PREFIX}/:id`,
    operationId: 'updateIdpClient',
    tag: 'idp-clients',
    summary: 'Replace an application; client id and secret stay',
    access: MANAGE,
    params: ById,
    body: IdpClientBody,
    handle: async ({ params, body, caller, request }) => {
      await updateIdpClient(ctx, { caller, request }, params.id, toIdpClientInput(body));
      return ok();
    },
  }),
  route({
    method: 'delete',
    path: `${PREFIX}/:id`,
    operationId: 'deleteIdpClient',
    tag: 'idp-clients',
    summary: 'Remove an application and end its sessions',
    access: MANAGE,
    params: ById,
    handle: async ({ params, caller, request }) => {
      await deleteIdpClient(ctx, { caller, request }, params.id);
      return ok();
    },
  }),
  route({
    method: 'post',
    path: `${PREFIX}/:id/regenerate`,
    operationId: 'regenerateIdpClient',
    tag: 'idp-clients',
    summary: 'Make client id and secret anew, and end the sessions of the old ones',
    access: MANAGE,
    params: ById,
    response: Members({ client_id: Type.String(), client_secret: Type.String() }),
    handle: async ({ params, caller, request }) => {
      const { clientId, secret } = await regenerateIdpClient(ctx, { caller, request }, params.id);
      return ok({ client_id: clientId, client_secret: secret });
    },
  }),
];
