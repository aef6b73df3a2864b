import { pathOf, SECRETS, type Answer, type CallOptions, type TestVault } from './support.ts';

/** Secrets Safe's API of an installation, as the gateway leads to it. */
export const API = '/BeyondTrust/api/public/v3/secrets-safe';

export interface ServedSecret {
  Id: string;
  Title: string;
  Description: string;
  SecretType: string;
  FolderId: string;
  Folder: string;
  FolderPath: string;
  Username?: string;
  Password: string;
  Text?: string;
  FileName?: string;
  FileHash?: string;
  Notes: string;
  Urls: { Id: string; CredentialId: string; Url: string }[];
  Owners: Record<string, unknown>[];
  [member: string]: unknown;
}

export const secretOf = (answer: Answer): ServedSecret => answer.body as unknown as ServedSecret;
export const secretsOf = (answer: Answer): ServedSecret[] => answer.body as unknown as ServedSecret[];

export const caller =
  (vault: TestVault) =>
  (method: string, path: string, options?: CallOptions): Promise<Answer> =>
    vault.call(method, `${API}${path}`, options);

/** Makes a secret by PrivX's API; its id. */
export async function createShared(
  vault: TestVault,
  name: string,
  more: Record<string, unknown> = {},
): Promise<string> {
  const roles = { read_roles: [vault.role], write_roles: [vault.role] };
  const { status, text } = await vault.call('POST', SECRETS, { body: { name, ...roles, ...more } });
  if (status !== 201) throw new Error(text);
  return String((await vault.call('GET', pathOf(name))).body['id']);
}
