import { AUTHENTICATED, ok, PUBLIC, route, type Route } from '@strongroom/http/route';
import { Members, OrNull, Type } from '@strongroom/schema/types';
import type { AuthContext } from '../../context.ts';
import { grantToAccount } from '../../operations/grant-to-account.ts';
import { BASE, secretServer } from './route-parts.ts';
import { tokenReply, Tokens } from './token-routes.ts';

/**
 * Delinea's Platform, as far as clients go that are configured with its address: they find it by its health, sign in, and
 * ask where the vault is (contract secret-server.md 2). Its base is another than Secret Server's, since clients look for
 * that first.
 */
const PLATFORM = `${BASE}/platform`;

const Field = OrNull(Type.String({ maxLength: 1_024 }));

/** There is one vault; clients take the first that is active and the default. */
const VAULT = {
  vaultId: '5e5b1b0c-9a57-4d0c-8f6b-6d6f0b3a7c11',
  name: 'Strongroom',
  type: 'SecretServer',
  isDefault: true,
  isGlobalDefault: true,
  isActive: true,
} as const;

const Vaults = Members({
  vaults: Type.Array(
    Members({
      vaultId: Type.String(),
      name: Type.String(),
      type: Type.String(),
      isDefault: Type.Boolean(),
      isGlobalDefault: Type.Boolean(),
      isActive: Type.Boolean(),
      connection: Members({ url: Type.String(), oAuthProfileId: Type.String() }),
    }),
  ),
});

export const platformRoutes = (ctx: AuthContext): Route[] => [
  route({
    ...secretServer,
    method: 'get',
    path: `${PLATFORM}/health`,
    operationId: 'secretServerPlatformHealth',
    summary: 'By which clients know the Platform',
    access: PUBLIC,
    response: Members({ Healthy: Type.Boolean() }),
    handle: async () => ok({ Healthy: await ctx.isReady().catch(() => false) }),
  }),
  route({
    ...secretServer,
    method: 'post',
    path: `${PLATFORM}/identity/api/oauth2/token/xpmplatform`,
    operationId: 'secretServerPlatformToken',
    summary: 'Get a token: client_credentials of an application account or an API client',
    access: PUBLIC,
    bodyType: 'form',
    body: Members({
      grant_type: Field,
      client_id: Field,
      client_secret: Field,
      scope: Field,
    }),
    response: Tokens,
    handle: async ({ body, request }) =>
      tokenReply(
        await grantToAccount(ctx, request, {
          // What the Platform calls a client is an account with its password to Secret Server.
          grantType: body.grant_type === 'client_credentials' ? 'password' : (body.grant_type ?? ''),
          username: body.client_id ?? '',
          password: body.client_secret ?? '',
          domain: '',
          oneTimeCode: undefined,
          refreshToken: undefined,
          clientId: '',
          clientSecret: '',
        }),
      ),
  }),
  route({
    ...secretServer,
    method: 'get',
    path: `${PLATFORM}/vaultbroker/api/vaults`,
    operationId: 'secretServerPlatformVaults',
    summary: 'Where the vault is',
    access: AUTHENTICATED,
    response: Vaults,
    handle: () =>
      ok({
        vaults: [{ ...VAULT, connection: { url: `${ctx.config.issuer}${BASE}`, oAuthProfileId: '' } }],
      }),
  }),
];
