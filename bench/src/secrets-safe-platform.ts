import { createApiClient, type ApiClient } from '@strongroom/testing/api-client';
import { makeDataDirectory, removeDataDirectory, startStandalone } from '@strongroom/testing/standalone';

/** A platform of its own with what clients of Secrets Safe expect to find (contract 8). */
export interface SecretsSafePlatform {
  /** `https://localhost:…/BeyondTrust/api/public/v3` */
  readonly apiUrl: string;
  readonly caFile: string;
  /** The API client that the client signs in as. Its one role may add secrets and manage the vault. */
  readonly clientId: string;
  readonly clientSecret: string;
  /** By our own API, as an administrator. */
  readonly client: ApiClient;
  readonly stop: () => Promise<void>;
}

/** Where TestClient of the Go library writes. */
const FOLDER = 'folder1';

export async function startSecretsSafePlatform(): Promise<SecretsSafePlatform> {
  const dataDirectory = await makeDataDirectory();
  const platform = await startStandalone(dataDirectory);
  const client = await createApiClient(platform);
  const call = async (method: string, path: string, body?: unknown): Promise<Record<string, unknown>> => {
    const answer = await client.call(method, path, body === undefined ? {} : { body });
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${answer.text}`);
    return answer.body ?? {};
  };
  const made = await call('POST', '/role-store/api/v1/roles', {
    name: 'clients of Secrets Safe',
    permissions: ['vault-add', 'vault-manage'],
  });
  const roles = [{ id: made['id'] }];
  const clients = '/local-user-store/api/v1/api-clients';
  const { id } = await call('POST', clients, { name: 'secrets-safe', roles });
  const { secret } = await call('GET', `${clients}/${String(id)}`);
  await call('POST', '/vault/api/v1/folders', { path: FOLDER, read_roles: roles, write_roles: roles });
  return {
    apiUrl: `${platform.baseUrl}/BeyondTrust/api/public/v3`,
    caFile: platform.credentials.ca_file,
    clientId: String(id),
    clientSecret: String(secret),
    client,
    async stop() {
      await client.close();
      await platform.stop();
      await removeDataDirectory(dataDirectory);
    },
  };
}
