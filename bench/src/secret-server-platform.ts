import { createApiClient, type ApiClient } from '@strongroom/testing/api-client';
import { makeDataDirectory, removeDataDirectory, startStandalone } from '@strongroom/testing/standalone';
import { freePort } from '@strongroom/embedded-postgres/free-port';

/** The tenant whose name the platform answers to, as clients of the product's cloud build it. */
export const TENANT = 'strongroom';

/** A platform of its own with what clients of Secret Server expect to find (contract 12, 13). */
export interface SecretServerPlatform {
  /** Where it listens: `127.0.0.1:port`. */
  readonly address: string;
  /** As clients are told it, without a path. */
  readonly publicUrl: string;
  readonly caFile: string;
  readonly username: string;
  readonly password: string;
  readonly folder: { readonly id: number; readonly path: string };
  readonly secret: { readonly id: number; readonly path: string };
  readonly templateId: number;
  readonly client: ApiClient;
  readonly stop: () => Promise<void>;
}

const API = '/SecretServer/api/v1';

/** `asTenant`: under the name of a tenant of the product's cloud; else at its own address. */
export async function startSecretServerPlatform({ asTenant = true } = {}): Promise<SecretServerPlatform> {
  const dataDirectory = await makeDataDirectory();
  const port = await freePort();
  const platform = await startStandalone(dataDirectory, {
    STRONGROOM_PORT: String(port),
    ...(asTenant ? { STRONGROOM_PUBLIC_URL: `https://${TENANT}.secretservercloud.com` } : {}),
  });
  const address = `127.0.0.1:${port}`;
  const client = await createApiClient({ ...platform, baseUrl: `https://${address}` });
  const call = async (method: string, path: string, body?: unknown): Promise<Record<string, unknown>> => {
    const answer = await client.call(method, path, body === undefined ? {} : { body });
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${answer.text}`);
    return answer.body ?? {};
  };
  const { items } = await call('POST', '/role-store/api/v1/roles/resolve', ['privx-admin']);
  const roles = (items as { id: string }[]).map(({ id }) => ({ id }));
  const { number } = await call('POST', '/vault/api/v1/folders', {
    path: 'Clients/Python',
    read_roles: roles,
    write_roles: roles,
  });
  await call('POST', `${API}/folders`, { folderName: 'Child', folderTypeId: 1, parentFolderId: number });
  const { records } = await call('GET', `${API}/secret-templates?filter.searchText=Password&take=1`);
  const templateId = (records as { id: number }[])[0]?.id ?? 0;
  const secret = await call('POST', `${API}/secrets`, {
    name: 'Example',
    folderId: number,
    siteId: 1,
    secretTemplateId: templateId,
    items: [
      { slug: 'username', itemValue: 'ann' },
      { slug: 'password', itemValue: 'correct horse' },
    ],
  });
  return {
    address,
    publicUrl: platform.baseUrl,
    caFile: platform.credentials.ca_file,
    username: platform.credentials.api_client.id,
    password: platform.credentials.api_client.secret,
    folder: { id: Number(number), path: '\\Clients\\Python' },
    secret: { id: Number(secret['id']), path: '\\Clients\\Python\\Example' },
    templateId,
    client,
    async stop() {
      await client.close();
      await platform.stop();
      await removeDataDirectory(dataDirectory);
    },
  };
}
