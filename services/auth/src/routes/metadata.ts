import { PUBLIC, route, type Route } from '@strongroom/http/route';
import { FreeObject } from '@strongroom/schema/types';
import type { AuthContext } from '../context.ts';
import { CHALLENGE_METHOD } from '../domain/pkce.ts';
import { SCOPES } from '../domain/user-claims.ts';

/** RFC 8414 and OpenID Connect Discovery 1.0: standard libraries configure themselves from it. */
export function metadataRoutes({ config }: Pick<AuthContext, 'config'>): Route[] {
  const { issuer } = config;
  const oauth = `${issuer}/auth/api/v1/oauth`;
  const clientAuthentication = ['client_secret_basic', 'client_secret_post'];
  const document = {
    issuer,
    authorization_endpoint: `${oauth}/authorize`,
    token_endpoint: `${oauth}/token`,
    jwks_uri: `${oauth}/jwks`,
    userinfo_endpoint: `${oauth}/userinfo`,
    introspection_endpoint: `${oauth}/introspect`,
    revocation_endpoint: `${oauth}/revoke`,
    end_session_endpoint: `${oauth}/logout`,
    scopes_supported: SCOPES,
    response_types_supported: ['code'],
    response_modes_supported: ['query'],
    grant_types_supported: ['authorization_code', 'refresh_token', 'client_credentials', 'password'],
    token_endpoint_auth_methods_supported: [...clientAuthentication, 'none'],
    introspection_endpoint_auth_methods_supported: clientAuthentication,
    revocation_endpoint_auth_methods_supported: [...clientAuthentication, 'none'],
    code_challenge_methods_supported: [CHALLENGE_METHOD],
    authorization_response_iss_parameter_supported: true,
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['RS256', 'EdDSA'],
    request_parameter_supported: false,
    request_uri_parameter_supported: false,
    claims_supported: [
      'sub',
      'iss',
      'aud',
      'exp',
      'iat',
      'auth_time',
      'nonce',
      'amr',
      'sid',
      'at_hash',
      'name',
      'given_name',
      'family_name',
      'preferred_username',
      'email',
      'phone_number',
      'locale',
    ],
  };
  return (
    [
      ['/.well-known/oauth-authorization-server', 'getOAuthMetadata'],
      ['/.well-known/openid-configuration', 'getOpenIdConfiguration'],
    ] as const
  ).map(([path, operationId]) =>
    route({
      method: 'get',
      path,
      operationId,
      tag: 'oauth',
      summary: 'Endpoints and abilities of this authorization server',
      access: PUBLIC,
      response: FreeObject,
      handle: () => ({ body: document, headers: { 'cache-control': 'max-age=300' } }),
    }),
  );
}
