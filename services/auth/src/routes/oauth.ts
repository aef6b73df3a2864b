import { PUBLIC, redirect, route, type Reply, type Route } from '@strongroom/http/route';
import { Members, Type, type Static } from '@strongroom/schema/types';
import type { AuthContext } from '../context.ts';
import { readClientCredentials } from '../domain/client-credentials.ts';
import { KEY_SET_MAX_AGE_SECONDS } from '../domain/signing-key.ts';
import { authorize } from '../operations/authorize.ts';
import { grantByDomainCredentials, grantToken } from '../operations/grant-token.ts';
import type { IssuedTokens } from '../operations/issue-tokens.ts';

const PREFIX = '/auth/api/v1/oauth';
const Field = Type.Optional(Type.String({ maxLength: 1_024 }));

const Tokens = Members({
  access_token: Type.String(),
  token_type: Type.String(),
  expires_in: Type.Integer({ description: 'Seconds' }),
  refresh_token: Type.Optional(Type.String()),
  id_token: Type.Optional(Type.String()),
  scope: Type.Optional(Type.String()),
});

/** Tokens must not stay in any cache (RFC 6749, 5.1). */
export const tokenReply = (tokens: IssuedTokens): Reply => {
  const body: Static<typeof Tokens> = {
    access_token: tokens.accessToken,
    token_type: 'Bearer',
    expires_in: tokens.expiresInSeconds,
    ...(tokens.refreshToken === undefined ? {} : { refresh_token: tokens.refreshToken }),
    ...(tokens.idToken === undefined ? {} : { id_token: tokens.idToken }),
    ...(tokens.scope === '' ? {} : { scope: tokens.scope }),
  };
  return { body, headers: { 'cache-control': 'no-store' } };
};

const Authorization = Members({
  client_id: Field,
  redirect_uri: Type.Optional(Type.String({ maxLength: 2_048 })),
  response_type: Field,
  response_mode: Field,
  state: Type.Optional(Type.String({ maxLength: 2_048 })),
  scope: Field,
  nonce: Field,
  code_challenge: Field,
  code_challenge_method: Field,
  prompt: Field,
  request: Type.Optional(Type.String()),
  request_uri: Type.Optional(Type.String()),
});

/** The OAuth 2.0 endpoints (RFC 6749; contract 1.2 to 1.4). */
export const oauthRoutes = (ctx: AuthContext): Route[] => [
  route({
    method: 'get',
    path: `${PREFIX}/authorize`,
    operationId: 'authorize',
    tag: 'oauth',
    summary: 'Start a sign-in by authorization code with PKCE; redirects to the sign-in page',
    access: PUBLIC,
    query: Authorization,
    handle: async ({ query }) => redirect(await authorize(ctx, query)),
  }),
  route({
    method: 'post',
    path: `${PREFIX}/authorize`,
    operationId: 'authorizeByForm',
    tag: 'oauth',
    summary: 'The same, by a form (OpenID Connect Core, 3.1.2.1)',
    access: PUBLIC,
    bodyType: 'form',
    body: Authorization,
    // 303 turns the POST into a GET (RFC 9700, 4.12).
    handle: async ({ body }) => ({ ...redirect(await authorize(ctx, body)), status: 303 }),
  }),
  route({
    method: 'post',
    path: `${PREFIX}/token`,
    operationId: 'grantToken',
    tag: 'oauth',
    summary: 'Get tokens: password (API clients), client_credentials, authorization_code, refresh_token',
    access: PUBLIC,
    bodyType: 'form',
    body: Members({
      grant_type: Field,
      username: Field,
      password: Field,
      client_id: Field,
      client_secret: Field,
      code: Field,
      redirect_uri: Type.Optional(Type.String({ maxLength: 2_048 })),
      code_verifier: Field,
      refresh_token: Field,
      scope: Field,
    }),
    response: Tokens,
    handle: async ({ body, authorization, request }) =>
      tokenReply(
        await grantToken(ctx, request, {
          client: readClientCredentials(authorization, body),
          grantType: body.grant_type ?? '',
          username: body.username,
          password: body.password,
          code: body.code,
          redirectUri: body.redirect_uri,
          codeVerifier: body.code_verifier,
          refreshToken: body.refresh_token,
          scope: body.scope,
        }),
      ),
  }),
  route({
    method: 'post',
    path: `${PREFIX}/clientcredentials/:domain/token`,
    operationId: 'grantTokenByDomain',
    tag: 'oauth',
    summary: 'Get a token by client_credentials in JSON; the domain is privx-external',
    access: PUBLIC,
    params: Members({ domain: Type.String({ maxLength: 64 }) }),
    body: Members({ grant_type: Field, client_id: Field, client_secret: Field }),
    response: Tokens,
    handle: async ({ params, body, request }) =>
      tokenReply(
        await grantByDomainCredentials(ctx, request, {
          domain: params.domain,
          grantType: body.grant_type ?? '',
          clientId: body.client_id ?? '',
          clientSecret: body.client_secret ?? '',
        }),
      ),
  }),
  route({
    method: 'get',
    path: `${PREFIX}/jwks`,
    operationId: 'getJwks',
    tag: 'oauth',
    summary: 'Public keys of the tokens, also of those to come',
    access: PUBLIC,
    response: Type.Object({ keys: Type.Array(Type.Object({})) }),
    handle: () => ({
      body: { keys: ctx.signer.publicKeys() },
      headers: { 'cache-control': `public, max-age=${KEY_SET_MAX_AGE_SECONDS}` },
    }),
  }),
];
