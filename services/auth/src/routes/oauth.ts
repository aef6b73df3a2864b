import { PUBLIC, route, type Route } from '@strongroom/http/route';
import { isLine } from '@strongroom/schema/text';
import { Members, Type } from '@strongroom/schema/types';
import type { AuthContext } from '../context.ts';
import { grantToken } from '../operations/grant-token.ts';

const PREFIX = '/auth/api/v1/oauth';
const Field = Type.Optional(Type.String({ maxLength: 1_024 }));

/** The token endpoint (contract 1.2, RFC 6749) and the keys that verify its tokens (RFC 7517). */
export const oauthRoutes = (ctx: AuthContext): Route[] => [
  route({
    method: 'post',
    path: `${PREFIX}/token`,
    operationId: 'grantToken',
    tag: 'oauth',
    summary: 'Sign in: password grant for API clients, client_credentials for services',
    access: PUBLIC,
    bodyType: 'form',
    body: Members({ grant_type: Field, username: Field, password: Field }),
    response: Members({
      access_token: Type.String(),
      token_type: Type.String(),
      expires_in: Type.Integer({ description: 'Seconds' }),
    }),
    handle: async ({ body, authorization, request }) => {
      const { accessToken, expiresInSeconds } = await grantToken(ctx, request, {
        ...basicCredentials(authorization),
        grantType: body.grant_type ?? '',
        username: body.username,
        password: body.password,
      });
      return {
        body: { access_token: accessToken, token_type: 'Bearer', expires_in: expiresInSeconds },
        headers: { 'cache-control': 'no-store' },
      };
    },
  }),
  route({
    method: 'get',
    path: `${PREFIX}/jwks`,
    operationId: 'getJwks',
    tag: 'oauth',
    summary: 'Public keys of the access tokens',
    access: PUBLIC,
    response: Type.Object({ keys: Type.Array(Type.Object({})) }),
    handle: () => ({ body: { keys: ctx.signer.publicKeys } }),
  }),
];

/**
 * RFC 7617. The halves are taken as they are: no client of the contract form-encodes them. A header that
 * cannot be read names no client, which grantToken refuses on the record.
 */
function basicCredentials(authorization: string | undefined): { clientId: string; clientSecret: string } {
  const encoded = /^Basic ([A-Za-z0-9+/]+={0,2})$/i.exec(authorization ?? '')?.[1] ?? '';
  const text = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  if (colon < 1 || !isLine(text)) return { clientId: '', clientSecret: '' };
  return { clientId: text.slice(0, colon), clientSecret: text.slice(colon + 1) };
}
