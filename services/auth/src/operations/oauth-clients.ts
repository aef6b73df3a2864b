import type { AuthContext } from '../context.ts';
import { EXTERNAL_OAUTH_CLIENT, PRIVX_UI, privxExternal, type OAuthClient } from '../domain/oauth-client.ts';
import { openSecret } from '../domain/sealed-secret.ts';
import { findIdpClientByClientId } from '../store/idp-clients.ts';
import { findOAuthClient as findRow } from '../store/oauth-clients.ts';

type Reader = Pick<AuthContext, 'db' | 'keyring'>;

/** The two that PrivX's clients have built in, and the registered applications (contract 1.7). */
export async function findOAuthClient(ctx: Reader, clientId: string): Promise<OAuthClient | undefined> {
  if (clientId === PRIVX_UI.id) return PRIVX_UI;
  if (clientId === EXTERNAL_OAUTH_CLIENT) {
    const secret = await readOAuthClientSecret(ctx);
    return secret === '' ? undefined : privxExternal(secret);
  }
  const client = await findIdpClientByClientId(ctx.db, clientId);
  if (!client?.isEnabled) return undefined;
  const { keyring } = ctx;
  return {
    id: client.clientId,
    secret: client.isPublic
      ? null
      : await openSecret(keyring, { table: 'idp_clients', field: 'secret' }, client.id, client.sealedSecret),
    grants: client.allowsRefresh ? ['authorization_code', 'refresh_token'] : ['authorization_code'],
    redirectUris: client.redirectUris,
    logoutRedirectUris: client.logoutRedirectUris,
    defaultLogoutRedirectUri: client.defaultLogoutRedirectUri,
    carriesRights: false,
    admitsApplications: false,
    bindsToAddress: false,
    accessTokenSeconds: client.accessTokenSeconds,
    refreshSeconds: client.allowsRefresh ? client.refreshTokenSeconds : null,
    idTokenAlgorithm: client.signatureAlgorithm,
    idTokenAudiences: client.audiences,
    scopes: client.scopes,
    userFilter: client.userFilter,
    attributeMapping: client.attributeMapping,
  };
}

/** Every API client's record shows the pair, since its program needs it for the Basic header. */
export async function readOAuthClientSecret(ctx: Reader): Promise<string> {
  const client = await findRow(ctx.db, EXTERNAL_OAUTH_CLIENT);
  if (client === undefined) return '';
  return openSecret(ctx.keyring, { table: 'oauth_clients', field: 'secret' }, client.id, client.sealedSecret);
}
