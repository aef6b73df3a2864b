import { AUTHENTICATED, OWN_CHECK, PUBLIC, route, type Route } from '@strongroom/http/route';
import { SECRETS_SAFE, sessionCookie } from '@strongroom/http/secrets-safe';
import { Members, OrNull, Type, type Static } from '@strongroom/schema/types';
import type { AuthContext } from '../../context.ts';
import { logOut } from '../../operations/sessions.ts';
import { grantToClient, signInApp, type AppUser } from '../../operations/sign-in-app.ts';

const secretsSafe = { tag: 'secrets-safe', dialect: SECRETS_SAFE, method: 'post' } as const;
const at = (path: string): string => `${SECRETS_SAFE.prefix}/auth/${path}`;

const Field = OrNull(Type.String({ maxLength: 1_024 }));
const NO_STORE = { 'cache-control': 'no-store' };

const Token = Members({
  access_token: Type.String(),
  expires_in: Type.Integer(),
  token_type: Type.String(),
  scope: Type.String(),
});

const SignedIn = Members({
  UserId: Type.Integer({ minimum: 1 }),
  SID: Type.Null(),
  EmailAddress: Type.String(),
  UserName: Type.String(),
  Name: Type.String(),
});

const signedIn = (user: AppUser): Static<typeof SignedIn> => ({
  UserId: user.number,
  SID: null,
  EmailAddress: user.email,
  UserName: user.username,
  Name: user.name,
});

/** Signing in and out by the dialect of Secrets Safe (docs/adr/0039-secrets-safe-sign-in.md). */
export const secretsSafeRoutes = (ctx: AuthContext): Route[] => [
  route({
    ...secretsSafe,
    path: at('connect/token'),
    operationId: 'secretsSafeToken',
    summary: "Get a token by an API client's id and secret: client_credentials",
    access: PUBLIC,
    bodyType: 'form',
    body: Members({ grant_type: Field, client_id: Field, client_secret: Field }),
    response: Token,
    handle: async ({ body, request }) => {
      const issued = await grantToClient(ctx, request, {
        grantType: body.grant_type ?? '',
        clientId: body.client_id ?? '',
        clientSecret: body.client_secret ?? '',
      });
      return {
        body: {
          access_token: issued.accessToken,
          expires_in: issued.expiresInSeconds,
          token_type: 'Bearer',
          scope: 'publicapi',
        },
        headers: NO_STORE,
      };
    },
  }),
  route({
    ...secretsSafe,
    path: at('signappin'),
    operationId: 'secretsSafeSignAppIn',
    summary: 'Open a session, by a token or by PS-Auth with an API key; it comes as a cookie',
    access: OWN_CHECK,
    response: SignedIn,
    handle: async ({ sent, request, authorization }) => {
      const { token, user } = await signInApp(ctx, request, authorization ?? '');
      return { body: signedIn(user), headers: { ...NO_STORE, 'set-cookie': sessionCookie(token, sent) } };
    },
  }),
  route({
    ...secretsSafe,
    path: at('signout'),
    operationId: 'secretsSafeSignout',
    summary: 'End the session in which this call is made',
    access: AUTHENTICATED,
    handle: async ({ sent, caller, request }) => {
      await logOut(ctx, caller, request);
      return { headers: { ...NO_STORE, 'set-cookie': sessionCookie('', sent, '; Max-Age=0') } };
    },
  }),
];
