import { constantTimeEqual } from '@strongroom/crypto/compare';
import type { AuthContext } from '../context.ts';
import type { ApiClient } from '../domain/api-client.ts';
import type { ClientCredentials } from '../domain/client-credentials.ts';
import { isMachineClient, type MachineClientId } from '../domain/machine-clients.ts';
import type { OAuthClient } from '../domain/oauth-client.ts';
import { clientRefused } from '../domain/oauth-errors.ts';
import { openSecret } from '../domain/sealed-secret.ts';
import { isUuid } from '../domain/uuid.ts';
import { findApiClient } from '../store/api-clients.ts';
import { findOAuthClient } from './oauth-clients.ts';

/** Every reading of the secret is compared, so that the time tells nothing of which one was near. */
const isOneOf = (secrets: readonly string[], expected: string): boolean =>
  secrets.map(secret => constantTimeEqual(secret, expected)).includes(true);

/** An application: a confidential one must prove itself, a public one only says its name. */
export async function authenticateOAuthClient(
  ctx: AuthContext,
  credentials: ClientCredentials,
): Promise<OAuthClient> {
  const client = await findOAuthClient(ctx, credentials.id);
  if (client === undefined) throw clientRefused();
  const isProved = client.secret === null ? true : isOneOf(credentials.secrets, client.secret);
  if (!isProved) throw clientRefused();
  return client;
}

/** A program with an API client of its own; undefined when id or secret are wrong. */
export async function authenticateApiClient(
  ctx: AuthContext,
  { id, secrets }: ClientCredentials,
): Promise<ApiClient | undefined> {
  const client = isUuid(id) ? await findApiClient(ctx.db, id) : undefined;
  if (client === undefined) return undefined;
  const { keyring } = ctx;
  const secret = await openSecret(
    keyring,
    { table: 'api_clients', field: 'secret' },
    client.id,
    client.sealedSecret,
  );
  return isOneOf(secrets, secret) ? client : undefined;
}

/** One of the platform's own services; undefined when it is none, an error when its secret is wrong. */
export function authenticateMachine(
  ctx: Pick<AuthContext, 'machineSecrets'>,
  { id, secrets }: ClientCredentials,
): MachineClientId | undefined {
  if (!isMachineClient(id)) return undefined;
  if (!isOneOf(secrets, ctx.machineSecrets[id])) throw clientRefused();
  return id;
}

/**
 * Whoever may ask about tokens (RFC 7662, RFC 7009): an application, or a program with an API client. The id
 * is what tokens name as their client.
 */
export async function authenticateAnyClient(
  ctx: AuthContext,
  credentials: ClientCredentials,
): Promise<{ id: string; isPublic: boolean; seesAllTokens: boolean }> {
  const apiClient = await authenticateApiClient(ctx, credentials);
  if (apiClient !== undefined) return { id: apiClient.id, isPublic: false, seesAllTokens: true };
  const client = await authenticateOAuthClient(ctx, credentials);
  return { id: client.id, isPublic: client.secret === null, seesAllTokens: client.carriesRights };
}
