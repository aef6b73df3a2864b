import type { Caller, RequestInfo } from '@strongroom/contracts/caller';
import { created, ok, route, withPermission, type Route } from '@strongroom/http/route';
import {
  Envelope,
  Members,
  Name,
  OrNull,
  Timestamp,
  Type,
  Uuid,
  type Static,
} from '@strongroom/schema/types';
import type { AuthContext } from '../context.ts';
import {
  createApiClient,
  deleteApiClient,
  readApiClient,
  searchApiClients,
  updateApiClient,
  type ApiClientInput,
  type ReadableApiClient,
} from '../operations/api-clients.ts';
import { EXTERNAL_OAUTH_CLIENT } from '../domain/oauth-client.ts';
import { readOAuthClientSecret } from '../operations/oauth-clients.ts';
import type { ListQuery } from '../store/listing.ts';
import { searchedPaging, SearchBody, sortedPaging, toListQuery, toSearchQuery } from './listing.ts';

const PREFIX = '/local-user-store/api/v1/api-clients';
const MANAGE = withPermission('api-clients-manage');
const PAGES = { limit: 50, max: 1_000 };
const ById = Members({ id: Uuid });

const Body = Members({
  name: Name(256),
  roles: OrNull(Type.Array(Members({ id: Uuid }), { maxItems: 100 })),
});

const View = Members({
  id: Type.String({ description: 'User name of the password grant' }),
  secret: Type.String({ description: 'Password of the password grant' }),
  name: Type.String(),
  roles: Type.Array(Members({ id: Type.String(), name: Type.String() })),
  oauth_client_id: Type.String(),
  oauth_client_secret: Type.String(),
  created: Timestamp,
  author: Type.String(),
  updated: Timestamp,
  updated_by: Type.String(),
});

const toInput = (body: Static<typeof Body>): ApiClientInput => ({
  name: body.name,
  roleIds: (body.roles ?? []).map(role => role.id.toLowerCase()),
});

const view = ({ client, secret }: ReadableApiClient, oauthSecret: string): Static<typeof View> => ({
  id: client.id,
  secret,
  name: client.name,
  roles: client.roles.map(({ id, name }) => ({ id, name })),
  oauth_client_id: EXTERNAL_OAUTH_CLIENT,
  oauth_client_secret: oauthSecret,
  created: client.createdAt.toISOString(),
  author: client.createdBy,
  updated: client.updatedAt.toISOString(),
  updated_by: client.updatedBy,
});

async function page(ctx: AuthContext, caller: Caller, request: RequestInfo, query: ListQuery) {
  const { count, clients } = await searchApiClients(ctx, caller, request, query);
  const oauthSecret = await readOAuthClientSecret(ctx);
  return ok({ count, items: clients.map(client => view(client, oauthSecret)) });
}

/** API clients, the identities that programs sign in with (contract 5.4). Every read shows secrets. */
export const apiClientRoutes = (ctx: AuthContext): Route[] => [
  route({
    method: 'get',
    path: PREFIX,
    operationId: 'listApiClients',
    tag: 'api-clients',
    summary: 'List API clients with their secrets',
    access: MANAGE,
    query: Members(sortedPaging(PAGES)),
    response: Envelope(View),
    handle: ({ query, caller, request }) => page(ctx, caller, request, toListQuery(query)),
  }),
  route({
    method: 'post',
    path: `${PREFIX}/search`,
    operationId: 'searchApiClients',
    tag: 'api-clients',
    summary: 'Search API clients by parts of their names; they come with their secrets',
    access: MANAGE,
    query: Members(searchedPaging(PAGES)),
    body: SearchBody(PAGES),
    response: Envelope(View),
    handle: ({ query, body, caller, request }) =>
      page(ctx, caller, request, toSearchQuery(query, body, PAGES)),
  }),
  route({
    method: 'post',
    path: PREFIX,
    operationId: 'createApiClient',
    tag: 'api-clients',
    summary: 'Create an API client with a random secret',
    access: MANAGE,
    status: 201,
    body: Body,
    response: Members({ id: Uuid }),
    handle: async ({ body, caller, request }) => {
      const id = await createApiClient(ctx, caller, request, toInput(body));
      return created({ id }, `${PREFIX}/${id}`);
    },
  }),
  route({
    method: 'get',
    path: `${PREFIX}/:id`,
    operationId: 'getApiClient',
    tag: 'api-clients',
    summary: 'Read an API client with its secret',
    access: MANAGE,
    params: ById,
    response: View,
    handle: async ({ params, caller, request }) => {
      const client = await readApiClient(ctx, caller, request, params.id);
      return ok(view(client, await readOAuthClientSecret(ctx)));
    },
  }),
  route({
    method: 'put',
    path: `${PREFIX}/:id`,
    operationId: 'updateApiClient',
    tag: 'api-clients',
    summary: 'Replace name and roles; secrets stay',
    access: MANAGE,
    params: ById,
    body: Body,
    handle: async ({ params, body, caller, request }) => {
      await updateApiClient(ctx, caller, request, params.id, toInput(body));
      return ok();
    },
  }),
  route({
    method: 'delete',
    path: `${PREFIX}/:id`,
    operationId: 'deleteApiClient',
    tag: 'api-clients',
    summary: 'Delete an API client; it gets no further token',
    access: MANAGE,
    params: ById,
    handle: async ({ params, caller, request }) => {
      await deleteApiClient(ctx, caller, request, params.id);
      return ok();
    },
  }),
];
