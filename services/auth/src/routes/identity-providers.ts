import { created, ok, route, withPermission, type Route } from '@strongroom/http/route';
import {
  Choice,
  Envelope,
  Line,
  Members,
  Name,
  OrNull,
  Text,
  Type,
  Uuid,
  type Static,
} from '@strongroom/schema/types';
import type { AuthContext } from '../context.ts';
import { CUSTOM_ATTRIBUTE_TYPES } from '../domain/claim-rule.ts';
import { identityProviderNotFound } from '../domain/errors.ts';
import type { IdentityProvider } from '../domain/identity-provider.ts';
import {
  createIdentityProvider,
  deleteIdentityProvider,
  updateIdentityProvider,
  type IdentityProviderInput,
} from '../operations/identity-providers.ts';
import { findIdentityProvider, searchIdentityProviders } from '../store/identity-providers.ts';
import type { ListQuery } from '../store/listing.ts';
import { sortedPaging, toListQuery } from './listing.ts';
import { stampsView } from './stamps.ts';

const PREFIX = '/role-store/api/v1/identity-providers';
const VIEW = withPermission('sources-view', 'sources-manage');
const MANAGE = withPermission('sources-manage');
const ById = Members({ id: Uuid });
const Query = Members(sortedPaging({ limit: 50, max: 1_000 }));

/** Its byte length fits into the index of issuers. */
const Party = Line(512, 1);

const Body = Members({
  name: Name(256),
  token_type: OrNull(Choice('JWT', '')),
  jwt_issuer: Party,
  jwt_audience: Party,
  jwt_subject_type: Choice('plain', 'dn'),
  jwt_subject_dn_username_attribute: OrNull(Line(64)),
  custom_attributes: OrNull(
    Type.Array(
      Members({
        field_name: Line(256, 1),
        type: Choice(...CUSTOM_ATTRIBUTE_TYPES),
        expected_value: OrNull(Line(1_024)),
        start: OrNull(Line(64)),
        end: OrNull(Line(64)),
      }),
      { maxItems: 50 },
    ),
  ),
  public_keys: OrNull(
    Type.Array(
      Members({ key_id: OrNull(Line(256)), comment: OrNull(Text(4_096)), public_key: Text(16_384) }),
      { maxItems: 20 },
    ),
  ),
  public_key_method: Choice('static', 'jwks'),
  jwks_uri: OrNull(Line(2_048)),
  x5u_trust_anchor: OrNull(Text(65_536)),
  x5u_tls_trust_anchor: OrNull(Text(65_536)),
  x5u_prefix: OrNull(Line(2_048)),
  users_directory: Uuid,
  enabled: OrNull(Type.Boolean()),
});

const View = Type.Object({ id: Type.String(), name: Type.String() }, { additionalProperties: true });

function toInput({ name, jwt_issuer, enabled, ...rest }: Static<typeof Body>): IdentityProviderInput {
  const document = { ...rest, users_directory: rest.users_directory.toLowerCase() };
  return { name, issuer: jwt_issuer, isEnabled: enabled ?? undefined, document };
}

const view = (provider: IdentityProvider) => ({
  ...provider.document,
  id: provider.id,
  name: provider.name,
  token_type: 'JWT',
  jwt_issuer: provider.issuer,
  enabled: provider.isEnabled,
  ...stampsView(provider),
});

async function page(ctx: AuthContext, query: ListQuery) {
  const { count, providers } = await searchIdentityProviders(ctx.db, query);
  return ok({ count, items: providers.map(view) });
}

/** Whose JWTs are exchanged for tokens of ours (contract 4.6). Literal paths come before `:id`. */
export const identityProviderRoutes = (ctx: AuthContext): Route[] => [
  route({
    method: 'get',
    path: PREFIX,
    operationId: 'listIdentityProviders',
    tag: 'identity-providers',
    summary: 'List identity providers',
    access: VIEW,
    query: Query,
    response: Envelope(View),
    handle: ({ query }) => page(ctx, toListQuery(query)),
  }),
  route({
    method: 'post',
    path: `${PREFIX}/search`,
    operationId: 'searchIdentityProviders',
    tag: 'identity-providers',
    summary: 'Search identity providers by parts of their names',
    access: VIEW,
    query: Query,
    body: Members({ keywords: OrNull(Line(1_000)) }),
    response: Envelope(View),
    handle: ({ query, body }) => page(ctx, toListQuery(query, body.keywords ?? '')),
  }),
  route({
    method: 'post',
    path: PREFIX,
    operationId: 'createIdentityProvider',
    tag: 'identity-providers',
    summary: 'Create an identity provider; needs every permission that any role has',
    access: MANAGE,
    status: 201,
    body: Body,
    response: Members({ id: Uuid }),
    handle: async ({ body, caller, request }) => {
      const id = await createIdentityProvider(ctx, { caller, request }, toInput(body));
      return created({ id }, `${PREFIX}/${id}`);
    },
  }),
  route({
    method: 'get',
    path: `${PREFIX}/:id`,
    operationId: 'getIdentityProvider',
    tag: 'identity-providers',
    summary: 'Read an identity provider',
    access: VIEW,
    params: ById,
    response: View,
    handle: async ({ params }) => {
      const provider = await findIdentityProvider(ctx.db, params.id);
      if (provider === undefined) throw identityProviderNotFound();
      return ok(view(provider));
    },
  }),
  route({
    method: 'put',
    path: `${PREFIX}/:id`,
    operationId: 'updateIdentityProvider',
    tag: 'identity-providers',
    summary: 'Replace an identity provider; needs every permission that any role has',
    access: MANAGE,
    params: ById,
    body: Body,
    handle: async ({ params, body, caller, request }) => {
      await updateIdentityProvider(ctx, { caller, request }, params.id, toInput(body));
      return ok();
    },
  }),
  route({
    method: 'delete',
    path: `${PREFIX}/:id`,
    operationId: 'deleteIdentityProvider',
    tag: 'identity-providers',
    summary: 'Delete an identity provider; its tokens are refused from now on',
    access: MANAGE,
    params: ById,
    handle: async ({ params, caller, request }) => {
      await deleteIdentityProvider(ctx, { caller, request }, params.id);
      return ok();
    },
  }),
];
