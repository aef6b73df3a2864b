import { AUDIT_EVENTS } from '@strongroom/contracts/audit';
import type { RequestInfo } from '@strongroom/contracts/caller';
import { OAuthError } from '@strongroom/errors/oauth-error';
import type { AuthContext } from '../context.ts';
import type { ApiClient } from '../domain/api-client.ts';
import type { ClientCredentials } from '../domain/client-credentials.ts';
import { MACHINE_CLIENTS, type MachineClientId } from '../domain/machine-clients.ts';
import { EXTERNAL_OAUTH_CLIENT, privxExternal, type OAuthClient } from '../domain/oauth-client.ts';
import { apiClientRefused, clientRefused, missingParameter } from '../domain/oauth-errors.ts';
import {
  authenticateApiClient,
  authenticateMachine,
  authenticateOAuthClient,
} from './authenticate-client.ts';
import { grantByCode } from './grant-by-code.ts';
import { grantByRefreshToken } from './grant-by-refresh-token.ts';
import { openSession, type IssuedTokens } from './issue-tokens.ts';

const SERVICE_LIFETIME_SECONDS = 600;

export interface GrantRequest {
  readonly client: ClientCredentials;
  readonly grantType: string;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  readonly code?: string | undefined;
  readonly redirectUri?: string | undefined;
  readonly codeVerifier?: string | undefined;
  readonly refreshToken?: string | undefined;
  readonly scope?: string | undefined;
}

/**
 * The token endpoint (RFC 6749, 3.2). The password grant is for API clients, whose id and secret stand for user
 * name and password (contract 1.2), never for people. A refusal is recorded; what was typed as an id is not, since
 * it may be a password that slipped.
 */
export async function grantToken(
  ctx: AuthContext,
  request: RequestInfo,
  grant: GrantRequest,
): Promise<IssuedTokens> {
  try {
    return await dispatch(ctx, request, grant);
  } catch (error) {
    if (error instanceof OAuthError) {
      const type =
        grant.grantType === 'refresh_token'
          ? AUDIT_EVENTS.tokenRefreshFailed
          : AUDIT_EVENTS.clientAuthenticationFailed;
      await ctx.audit.write({ type, request, message: { reason: error.oauthCode } });
    }
    throw error;
  }
}

async function dispatch(ctx: AuthContext, request: RequestInfo, grant: GrantRequest): Promise<IssuedTokens> {
  switch (grant.grantType) {
    case '':
      throw missingParameter('grant_type');
    case 'password':
      return grantByPassword(ctx, request, grant);
    case 'client_credentials':
      return grantByClientCredentials(ctx, request, grant);
    case 'authorization_code':
      return grantByCode(ctx, request, await requireClient(ctx, grant), grant);
    case 'refresh_token':
      return grantByRefreshToken(ctx, request, await requireClient(ctx, grant), grant.refreshToken);
    default:
      throw new OAuthError('unsupported_grant_type', 'This grant type is not supported');
  }
}

async function requireClient(ctx: AuthContext, grant: GrantRequest): Promise<OAuthClient> {
  const client = await authenticateOAuthClient(ctx, grant.client);
  if (!client.grants.some(type => type === grant.grantType)) {
    throw new OAuthError('unauthorized_client', 'The client may not use this grant type');
  }
  return client;
}

async function grantByPassword(
  ctx: AuthContext,
  request: RequestInfo,
  grant: GrantRequest,
): Promise<IssuedTokens> {
  const client = await requireClient(ctx, grant);
  const apiClient = await authenticateApiClient(ctx, {
    id: grant.username ?? '',
    secrets: [grant.password ?? ''],
  });
  if (apiClient === undefined) throw apiClientRefused();
  return openApiClientSession(ctx, request, client, apiClient, grant);
}

async function grantByClientCredentials(
  ctx: AuthContext,
  request: RequestInfo,
  grant: GrantRequest,
): Promise<IssuedTokens> {
  const machine = authenticateMachine(ctx, grant.client);
  if (machine !== undefined) return grantToMachine(ctx, request, machine);
  const apiClient = await authenticateApiClient(ctx, grant.client);
  if (apiClient === undefined) {
    // An application of people, which must prove itself before it is told so.
    await authenticateOAuthClient(ctx, grant.client);
    throw new OAuthError('unauthorized_client', 'The client may not use this grant type');
  }
  // The API client is the OAuth client here; lifetimes are those of the password grant.
  return openApiClientSession(ctx, request, { ...privxExternal(''), id: apiClient.id }, apiClient, grant);
}

/** The same by JSON, at PrivX's own endpoint (contract 1.4). */
export async function grantByDomainCredentials(
  ctx: AuthContext,
  request: RequestInfo,
  input: { domain: string; grantType: string; clientId: string; clientSecret: string },
): Promise<IssuedTokens> {
  if (input.domain !== EXTERNAL_OAUTH_CLIENT) {
    throw new OAuthError('invalid_request', 'The only domain of API clients is privx-external');
  }
  if (input.grantType !== 'client_credentials') {
    throw new OAuthError('unsupported_grant_type', 'This endpoint serves client_credentials only');
  }
  const apiClient = await authenticateApiClient(ctx, {
    id: input.clientId,
    secrets: [input.clientSecret],
  });
  if (apiClient === undefined) {
    await ctx.audit.write({
      type: AUDIT_EVENTS.clientAuthenticationFailed,
      request,
      message: { reason: 'invalid_client' },
    });
    throw clientRefused();
  }
  return openApiClientSession(ctx, request, privxExternal(''), apiClient, input);
}

/** A program that has proved itself. */
export async function openApiClientSession(
  ctx: AuthContext,
  request: RequestInfo,
  client: OAuthClient,
  apiClient: ApiClient,
  grant: { grantType: string; scope?: string | undefined },
): Promise<IssuedTokens> {
  const issued = await ctx.db.transaction(tx =>
    openSession(
      ctx,
      tx,
      request,
      client,
      {
        id: ctx.newId(),
        subject: { kind: 'api-client', id: apiClient.id },
        // A program is no person to be identified: it gets no ID token.
        scope: (grant.scope ?? '')
          .split(' ')
          .filter(word => word !== 'openid')
          .join(' '),
        authTime: ctx.now(),
        authMethods: [],
      },
      { type: grant.grantType, nonce: '' },
    ),
  );
  // Deleted between the check of its secret and here.
  if (issued === undefined) throw apiClientRefused();
  ctx.ring();
  return issued;
}

/** Services have no session: their tokens are short and end with their secret. */
async function grantToMachine(
  ctx: AuthContext,
  request: RequestInfo,
  id: MachineClientId,
): Promise<IssuedTokens> {
  const sessionId = ctx.newId();
  const accessToken = await ctx.signer.sign(
    {
      sub: id,
      client_id: id,
      kind: 'service',
      name: id,
      roles: [...MACHINE_CLIENTS[id].roles],
      permissions: [...MACHINE_CLIENTS[id].permissions],
      scope: '',
      auth_time: Math.floor(ctx.now().getTime() / 1_000),
      amr: [],
      address: '',
    },
    sessionId,
    SERVICE_LIFETIME_SECONDS,
  );
  await ctx.audit.write({
    type: AUDIT_EVENTS.accessTokenGranted,
    request,
    message: {
      userID: id,
      username: id,
      sessionID: sessionId,
      clientID: id,
      grantType: 'client_credentials',
    },
  });
  return {
    accessToken,
    expiresInSeconds: SERVICE_LIFETIME_SECONDS,
    refreshToken: undefined,
    idToken: undefined,
    scope: '',
  };
}
