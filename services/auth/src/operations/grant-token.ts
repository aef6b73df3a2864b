import { AUDIT_EVENTS } from '@strongroom/contracts/audit';
import type { RequestInfo } from '@strongroom/contracts/caller';
import { constantTimeEqual } from '@strongroom/crypto/compare';
import { OAuthError } from '@strongroom/http/render-error';
import type { AuthContext } from '../context.ts';
import { isMachineClient, MACHINE_CLIENTS } from '../domain/machine-clients.ts';
import { openSecret } from '../domain/sealed-secret.ts';
import { apiClientRights, findApiClient } from '../store/api-clients.ts';
import { findOAuthClient } from '../store/oauth-clients.ts';
import type { TokenSubject } from './token-signer.ts';

/** Access tokens of API clients live as long as PrivX's (contract 1.3); those of services, ten minutes. */
const API_CLIENT_LIFETIME_SECONDS = 1_800;
const SERVICE_LIFETIME_SECONDS = 600;

export interface GrantRequest {
  /** From the Basic header; both empty when there is none that can be read. */
  clientId: string;
  clientSecret: string;
  grantType: string;
  username: string | undefined;
  password: string | undefined;
}

export interface Grant {
  accessToken: string;
  expiresInSeconds: number;
}

/**
 * The token endpoint. The password grant is for API clients, whose id and secret stand for user name and
 * password (contract 1.2); client_credentials is for the platform's own services. People get neither.
 */
export async function grantToken(
  ctx: AuthContext,
  request: RequestInfo,
  grant: GrantRequest,
): Promise<Grant> {
  try {
    const [subject, lifetimeSeconds] = await authenticate(ctx, grant);
    const sessionId = ctx.newId();
    const accessToken = await ctx.signer.sign(subject, sessionId, lifetimeSeconds);
    await ctx.audit.write({
      type: AUDIT_EVENTS.accessTokenGranted,
      request,
      message: {
        userID: subject.sub,
        username: subject.name,
        sessionID: sessionId,
        clientID: subject.client_id,
        grantType: grant.grantType,
      },
    });
    return { accessToken, expiresInSeconds: lifetimeSeconds };
  } catch (error) {
    if (error instanceof OAuthError) {
      await ctx.audit.write({
        type: AUDIT_EVENTS.clientAuthenticationFailed,
        request,
        // What was typed as an id may be a password that slipped, so it is not repeated here.
        message: { reason: error.oauthCode },
      });
    }
    throw error;
  }
}

async function authenticate(ctx: AuthContext, grant: GrantRequest): Promise<[TokenSubject, number]> {
  if (grant.grantType === 'client_credentials') return [machineSubject(ctx, grant), SERVICE_LIFETIME_SECONDS];
  if (grant.grantType === '') throw new OAuthError('invalid_request', 'grant_type is missing');
  if (grant.grantType !== 'password') {
    throw new OAuthError('unsupported_grant_type', 'This grant type is not supported');
  }
  await checkOAuthClient(ctx, grant);
  return [await apiClientSubject(ctx, grant), API_CLIENT_LIFETIME_SECONDS];
}

function machineSubject(ctx: AuthContext, { clientId, clientSecret }: GrantRequest): TokenSubject {
  if (!isMachineClient(clientId) || !constantTimeEqual(clientSecret, ctx.machineSecrets[clientId])) {
    throw new OAuthError('invalid_client', 'The client id or secret is wrong');
  }
  return {
    sub: clientId,
    client_id: clientId,
    kind: 'service',
    name: clientId,
    roles: [],
    permissions: [...MACHINE_CLIENTS[clientId].permissions],
    scope: '',
    auth_time: Math.floor(ctx.now().getTime() / 1000),
    amr: [],
    address: '',
  };
}

async function checkOAuthClient(ctx: AuthContext, { clientId, clientSecret }: GrantRequest): Promise<void> {
  const client = await findOAuthClient(ctx.db, clientId);
  const secret =
    client &&
    openSecret(ctx.keyring, { table: 'oauth_clients', field: 'secret' }, client.id, client.sealedSecret);
  if (secret === undefined || !constantTimeEqual(clientSecret, secret)) {
    throw new OAuthError('invalid_client', 'The client id or secret is wrong');
  }
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

async function apiClientSubject(ctx: AuthContext, grant: GrantRequest): Promise<TokenSubject> {
  const { username = '', password = '' } = grant;
  const client = UUID.test(username) ? await findApiClient(ctx.db, username) : undefined;
  const secret =
    client &&
    openSecret(ctx.keyring, { table: 'api_clients', field: 'secret' }, client.id, client.sealedSecret);
  if (client === undefined || secret === undefined || !constantTimeEqual(password, secret)) {
    throw new OAuthError('invalid_grant', 'The API client id or secret is wrong');
  }
  const { roles, permissions } = await apiClientRights(ctx.db, client.id);
  return {
    sub: client.id,
    client_id: grant.clientId,
    kind: 'api-client',
    name: client.name,
    roles,
    permissions,
    scope: '',
    auth_time: Math.floor(ctx.now().getTime() / 1000),
    amr: [],
    address: '',
  };
}
