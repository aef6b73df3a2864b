import { AUTHENTICATED, ok, PUBLIC, route, type Reply, type Route } from '@strongroom/http/route';
import { Members, OrNull, Type, type Static } from '@strongroom/schema/types';
import type { AuthContext } from '../../context.ts';
import { grantToAccount } from '../../operations/grant-to-account.ts';
import type { IssuedTokens } from '../../operations/issue-tokens.ts';
import { logOut } from '../../operations/sessions.ts';
import { API, BASE, secretServer } from './route-parts.ts';

const Field = OrNull(Type.String({ maxLength: 1_024 }));

export const Tokens = Members({
  access_token: Type.String(),
  token_type: Type.String(),
  expires_in: Type.Integer({ description: 'Seconds; the token holds five minutes longer' }),
  refresh_token: Type.Union([Type.String(), Type.Null()]),
});

/** The Python client goes on using a token for so long after the end that it was told (contract 2). */
const OVERUSE_SECONDS = 300;

export const tokenReply = (issued: IssuedTokens): Reply => {
  const body: Static<typeof Tokens> = {
    access_token: issued.accessToken,
    token_type: 'bearer',
    expires_in: Math.max(1, issued.expiresInSeconds - OVERUSE_SECONDS),
    refresh_token: issued.refreshToken ?? null,
  };
  return { body, headers: { 'cache-control': 'no-store' } };
};

/** Signing in and out (contract secret-server.md 3). Clients refresh at either path. */
export const tokenRoutes = (ctx: AuthContext): Route[] => [
  ...(['token', 'refresh'] as const).map(name =>
    route({
      ...secretServer,
      method: 'post',
      path: `${BASE}/oauth2/${name}`,
      operationId: name === 'token' ? 'secretServerToken' : 'secretServerRefresh',
      summary:
        'Get tokens: password (with the header OTP where a second factor is set up), refresh_token, client_credentials',
      access: PUBLIC,
      bodyType: 'form',
      headers: Members({ otp: Type.Optional(Type.String({ maxLength: 64 })) }),
      body: Members({
        grant_type: Field,
        username: Field,
        password: Field,
        domain: Field,
        refresh_token: Field,
        client_id: Field,
        client_secret: Field,
      }),
      response: Tokens,
      handle: async ({ body, headers, request }) =>
        tokenReply(
          await grantToAccount(ctx, request, {
            grantType: body.grant_type ?? (name === 'refresh' ? 'refresh_token' : ''),
            username: body.username ?? '',
            password: body.password ?? '',
            domain: body.domain ?? '',
            oneTimeCode: headers.otp === '' ? undefined : headers.otp,
            refreshToken: body.refresh_token ?? undefined,
            clientId: body.client_id ?? '',
            clientSecret: body.client_secret ?? '',
          }),
        ),
    }),
  ),
  route({
    ...secretServer,
    method: 'post',
    path: `${API}/oauth-expiration`,
    operationId: 'secretServerExpireToken',
    summary: 'End the session in which this call is made',
    access: AUTHENTICATED,
    response: Type.Boolean(),
    handle: async ({ caller, request }) => {
      await logOut(ctx, caller, request);
      return ok(true);
    },
  }),
];
