import { ok, OWN_CHECK, PUBLIC, route, type Route } from '@strongroom/http/route';
import { FreeObject, Members, Type } from '@strongroom/schema/types';
import type { AuthContext } from '../context.ts';
import { readClientCredentials } from '../domain/client-credentials.ts';
import { introspectToken, revokeToken } from '../operations/inspect-token.ts';
import { readUserInfo } from '../operations/user-info.ts';

const PREFIX = '/auth/api/v1/oauth';
const Field = Type.Optional(Type.String({ maxLength: 1_024 }));
const TokenForm = Members({
  token: Type.String({ minLength: 1, maxLength: 16_384 }),
  token_type_hint: Field,
  client_id: Field,
  client_secret: Field,
});

/** What clients ask about tokens: RFC 7662, RFC 7009, and OpenID Connect's userinfo. */
export const tokenInspectionRoutes = (ctx: AuthContext): Route[] => [
  route({
    method: 'post',
    path: `${PREFIX}/introspect`,
    operationId: 'introspectToken',
    tag: 'oauth',
    summary: 'Whether a token holds, and what it says; for authenticated clients',
    access: PUBLIC,
    bodyType: 'form',
    body: TokenForm,
    response: FreeObject,
    handle: async ({ body, authorization, request }) => ({
      body: await introspectToken(ctx, request, readClientCredentials(authorization, body), body.token),
      headers: { 'cache-control': 'no-store' },
    }),
  }),
  route({
    method: 'post',
    path: `${PREFIX}/revoke`,
    operationId: 'revokeToken',
    tag: 'oauth',
    summary: 'End the session of an access or refresh token',
    access: PUBLIC,
    bodyType: 'form',
    body: TokenForm,
    handle: async ({ body, authorization, request }) => {
      await revokeToken(ctx, request, readClientCredentials(authorization, body), body.token);
      return ok();
    },
  }),
  ...(['get', 'post'] as const).map(method =>
    route({
      method,
      path: `${PREFIX}/userinfo`,
      operationId: `${method}UserInfo`,
      tag: 'oauth',
      summary: 'Who the token is about, as far as its scopes allow (OpenID Connect Core, 5.3)',
      access: OWN_CHECK,
      response: FreeObject,
      handle: async ({ authorization }) => ({
        body: await readUserInfo(ctx, authorization),
        headers: { 'cache-control': 'no-store' },
      }),
    }),
  ),
];
