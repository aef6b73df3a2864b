import type { Keyring } from '@strongroom/crypto/keyring';
import type { LiveKeyring } from '@strongroom/keys/live-keyring';
import { openColumn, sealColumn } from '../domain/sealed-column.ts';
import type { EndpointSecrets, TargetDomain } from '../domain/target-domain.ts';

const COLUMN = { table: 'target_domains', field: 'endpoint_secrets' } as const;
const NONE: EndpointSecrets = { ldap_bind_password: '', entra_client_secret: '' };

/** In the order of the endpoints. */
export async function openEndpointSecrets(
  keyring: Keyring & Pick<LiveKeyring, 'have'>,
  domain: Pick<TargetDomain, 'id' | 'endpoints' | 'sealedEndpointSecrets'>,
): Promise<readonly EndpointSecrets[]> {
  const { id, endpoints, sealedEndpointSecrets: sealed } = domain;
  if (sealed === null) return endpoints.map(() => NONE);
  return JSON.parse(await openColumn(keyring, COLUMN, id, sealed)) as EndpointSecrets[];
}

/** Null: none has one. */
export const sealEndpointSecrets = (
  keyring: Keyring,
  id: string,
  secrets: readonly EndpointSecrets[],
): Buffer | null =>
  secrets.every(secret => secret.ldap_bind_password === '' && secret.entra_client_secret === '')
    ? null
    : sealColumn(keyring, COLUMN, id, JSON.stringify(secrets));
