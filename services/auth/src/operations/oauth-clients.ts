import type { AuthContext } from '../context.ts';
import { openSecret } from '../domain/sealed-secret.ts';
import { findOAuthClient } from '../store/oauth-clients.ts';

/** The one OAuth client of the installation that programs use (contract 1.2, 13; docs/adr/0007-oauth-client.md). */
export const EXTERNAL_OAUTH_CLIENT = 'privx-external';

/** Every API client's record shows the pair, since its program needs it for the Basic header. */
export async function readOAuthClientSecret(ctx: Pick<AuthContext, 'db' | 'keyring'>): Promise<string> {
  const client = await findOAuthClient(ctx.db, EXTERNAL_OAUTH_CLIENT);
  if (client === undefined) return '';
  return openSecret(ctx.keyring, { table: 'oauth_clients', field: 'secret' }, client.id, client.sealedSecret);
}
