import type { ApiClient } from '@strongroom/testing/api-client';

/**
 * What BeyondTrust's Go library for Password Safe (1.3.2) sends, and what it takes for an answer, under the names that its
 * functions have: a request here is one that the library makes, to the header; an answer that passes is one that it can
 * decode. All that its later calls carry is the cookie of its jar.
 */

const BASE = '/BeyondTrust/api/public/v3';
const NO_ID = '00000000-0000-0000-0000-000000000000';
export const VERSIONS = ['3.0', '3.1', '3.2'] as const;
export type Version = (typeof VERSIONS)[number];

type Proof = { readonly token: string } | { readonly apiKey: string } | undefined;

export interface SignedIn {
  readonly UserId: number;
  readonly EmailAddress: string;
  readonly UserName: string;
  readonly Name: string;
}

/** `SecretDetailsBaseConfig` and what the three kinds have beside it. */
export interface SecretInput {
  readonly Title: string;
  readonly Description?: string;
  readonly Notes?: string;
  readonly urls?: readonly string[];
  readonly content:
    | { readonly Username: string; readonly Password?: string; readonly PasswordRuleID?: number }
    | { readonly Text: string }
    | { readonly FileName: string; readonly FileContent: string };
}

export type GoLibrary = ReturnType<typeof goLibrary>;

export function goLibrary(client: ApiClient, version: Version, { decrypt = true } = {}) {
  let jar: string | undefined;
  let user: SignedIn | undefined;

  /** `HttpRequest`, with `handleResponseStatus`: from 500 on it would try again for long, which must not be. */
  async function send(
    method: string,
    path: string,
    { type = 'application/json', body, proof, query }: Sending = {},
  ): Promise<string> {
    const headers = {
      'user-agent': 'Go-http-client/1.1',
      'content-type': type,
      ...(jar === undefined ? {} : { cookie: jar }),
      ...(proof === undefined
        ? {}
        : { authorization: 'token' in proof ? `Bearer ${proof.token}` : `PS-Auth key=${proof.apiKey}` }),
    };
    const target = `${BASE}/${path}${query === undefined ? '' : `?${encoded(query)}`}`;
    const answer = await client.call(method, target, { token: null, headers, body });
    for (const cookie of [answer.headers['set-cookie'] ?? []].flat()) {
      jar = /; *max-age=0\b/i.test(cookie) ? undefined : cookie.split(';')[0];
    }
    if (answer.status >= 500 || answer.status === 408) throw new Error(`asked again: ${answer.status}`);
    if (answer.status >= 400) throw new Error(`error - status code: ${answer.status} - ${answer.text}`);
    return answer.text;
  }

  const versioned = { version };
  const listOf = async (path: string) => {
    const folders = listIn(await send('GET', path, { query: versioned }), FOLDER);
    if (folders.length === 0) throw new Error('empty List');
    return folders;
  };
  const folderNamed = async (name: string): Promise<string> => {
    const found = (await listOf('secrets-safe/folders/')).find(folder => folder['Name'] === name.trim());
    if (found === undefined) throw new Error(`folder ${name} was not found in folder list`);
    return String(found['Id']);
  };
  const search = async (query: Record<string, string>) =>
    secretsIn(await send('GET', 'secrets-safe/secrets', { query }));

  return {
    cookie: () => jar,

    /** `GetTokenDetails`. */
    getTokenDetails: async (id: string, secret: string) =>
      objectIn(
        await send('POST', 'Auth/connect/token', {
          type: 'application/x-www-form-urlencoded',
          body: encoded({ client_id: id, client_secret: secret, grant_type: 'client_credentials' }),
        }),
        { access_token: 'string', expires_in: 'integer', token_type: 'string', scope: 'string' },
      ),

    /** `SignAppin`. An empty body, by name of JSON. */
    async signAppin(proof: Proof): Promise<SignedIn> {
      const text = await send('POST', 'Auth/SignAppIn', { proof });
      user = objectIn(text, SIGNED_IN) as unknown as SignedIn;
      return user;
    },

    /** `CreateSecretFlow`: looks the folder up by its name, and writes in the shape of the version. */
    async createSecretFlow(folder: string, input: SecretInput) {
      const path = `secrets-safe/folders/${await folderNamed(folder)}/${pathOf(input.content)}`;
      const json = JSON.stringify(detailsOf(input, version, user));
      const form = 'FileContent' in input.content ? multipart(json, input.content) : { body: json };
      return objectIn(await send('POST', path, { ...form, query: versioned }), CREATED_SECRET);
    },

    /** `SecretGetFoldersListFlow`, `SecretGetSafesListFlow`. */
    getFoldersListFlow: () => listOf('secrets-safe/folders/'),
    getSafesListFlow: () => listOf('secrets-safe/safes/'),

    /** `CreateFolderFlow`. */
    async createFolderFlow(parent: string, details: Record<string, unknown>) {
      const isSafe = details['FolderType'] === 'SAFE';
      const ParentId = isSafe ? NO_ID : await folderNamed(parent);
      const body = JSON.stringify({ ...details, ParentId, FolderType: isSafe ? 'SAFE' : 'FOLDER' });
      const path = isSafe ? 'secrets-safe/safes/' : 'secrets-safe/folders/';
      return objectIn(await send('POST', path, { body, query: versioned }), CREATED_FOLDER);
    },

    /** `GetSecretFlow` of one path: the last part is the title, and a file is downloaded. */
    async getSecret(key: string, separator: string): Promise<string> {
      const parts = key.split(separator);
      const title = parts.at(-1) ?? '';
      const path = parts.length > 2 ? parts.slice(0, -1).join(separator) : (parts[0] ?? '');
      const [secret] = await search({ path, title, separator, decrypt: String(decrypt), version });
      if (secret === undefined) throw new Error('SecretGetSecretByPath, Secret was not found');
      if (String(secret['SecretType']).toUpperCase() !== 'FILE') return String(secret['Password']);
      return this.secretGetFileSecret(String(secret['Id']));
    },

    /** `SecretGetFileSecret`. */
    secretGetFileSecret: (id: string) =>
      send('GET', `secrets-safe/secrets/${id}/file/download`, { query: versioned }),

    /** `SearchSecretByTitleFlow`, which names no version. */
    async searchSecretByTitleFlow(title: string) {
      const [secret] = await search({ title, decrypt: String(decrypt) });
      if (secret === undefined) throw new Error(`secret was not found: ${title}`);
      return secret;
    },

    /** `DeleteSecretById`, `DeleteFolderById`, `DeleteSafeById`. */
    deleteById: async (kind: 'secrets' | 'folders' | 'safes', id: unknown): Promise<void> => {
      if (typeof id !== 'string' || !UUID.test(id)) throw new Error('invalid UUID format');
      await send('DELETE', `secrets-safe/${kind}/${id}`);
    },

    /** `SignOut`. */
    signOut: async (): Promise<void> => {
      await send('POST', 'Auth/Signout');
    },
  };
}

interface Sending {
  readonly type?: string;
  readonly body?: string;
  readonly proof?: Proof;
  readonly query?: Record<string, string>;
}

/** `url.Values.Encode`: in the order of the names. */
const encoded = (values: Record<string, string>): string =>
  new URLSearchParams(Object.entries(values).sort(([one], [other]) => (one < other ? -1 : 1))).toString();

function pathOf(content: SecretInput['content']): string {
  if ('Text' in content) return 'secrets/text';
  return 'FileContent' in content ? 'secrets/file' : 'secrets';
}

/** `Secret…DetailsConfig30` and `…31`, of which `…32` has the members. A UUID is never left out, other empty members are. */
function detailsOf(
  { urls = [], content, ...common }: SecretInput,
  version: Version,
  user: SignedIn | undefined,
) {
  const id = user?.UserId ?? 0;
  const Email = user?.EmailAddress === '' ? undefined : user?.EmailAddress;
  const owners =
    version === '3.0'
      ? { OwnerId: id, OwnerType: 'User', Owners: [{ OwnerId: id, Owner: user?.UserName, Email }] }
      : { Owners: [{ GroupId: 1, UserId: id, Name: user?.UserName, Email }] };
  return {
    ...common,
    ...(urls.length === 0 ? {} : { Urls: urls.map(Url => ({ Id: NO_ID, CredentialId: NO_ID, Url })) }),
    ...content,
    ...('Text' in content ? { FolderId: NO_ID } : {}),
    ...owners,
  };
}

/** `CreateMultiPartRequest`: the metadata repeats the whole content. */
function multipart(metadata: string, { FileName, FileContent }: { FileName: string; FileContent: string }) {
  const boundary = '5f2c9f0b8b1d4f6e9a7c3d2e1f0a9b8c7d6e5f4a3b2c1d0e9f8a7b6c5d4e';
  const parts = [
    ['Content-Disposition: form-data; name="secretmetadata"', '', metadata],
    [
      `Content-Disposition: form-data; name="file"; filename="${FileName}"`,
      'Content-Type: application/octet-stream',
      '',
      FileContent,
    ],
  ];
  const body = parts.map(lines => `--${boundary}\r\n${lines.join('\r\n')}\r\n`).join('');
  return { type: `multipart/form-data; boundary=${boundary}`, body: `${body}--${boundary}--\r\n` };
}

type Shape = Readonly<Record<string, 'string' | 'integer' | 'uuid'>>;

const SIGNED_IN: Shape = { UserId: 'integer', EmailAddress: 'string', UserName: 'string', Name: 'string' };
const FOLDER: Shape = { Id: 'string', Name: 'string', Description: 'string' };
const SECRET: Shape = { Id: 'string', Title: 'string', Password: 'string', SecretType: 'string' };
const CREATED_SECRET: Shape = {
  Id: 'string',
  Title: 'string',
  Description: 'string',
  FolderId: 'string',
  SecretValueModifiedOn: 'string',
};
const CREATED_FOLDER: Shape = {
  Id: 'uuid',
  Name: 'string',
  Description: 'string',
  ParentId: 'uuid',
  UserGroupId: 'integer',
};
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

type Decoded = Readonly<Record<string, string | number>>;

const objectIn = (text: string, shape: Shape): Decoded => decode(JSON.parse(text), shape);

function listIn(text: string, shape: Shape): Decoded[] {
  const list: unknown = JSON.parse(text);
  if (!Array.isArray(list)) throw new Error('no array');
  return list.map(one => decode(one, shape));
}

/** `decodeSecretListResponse`: any object is taken for the wrapped form. */
function secretsIn(text: string): Decoded[] {
  const body: unknown = JSON.parse(text);
  if (Array.isArray(body)) return body.map(one => decode(one, SECRET));
  const { TotalCount, Data } = body as { TotalCount?: unknown; Data?: unknown };
  if (!Number.isInteger(TotalCount) || !Array.isArray(Data)) throw new Error('an object that is no list');
  return Data.map(one => decode(one, SECRET));
}

/** As `encoding/json` fills a struct: names in any case; null and nothing are the zero value; other types are an error. */
function decode(value: unknown, shape: Shape): Decoded {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error('no object');
  const members = new Map(Object.entries(value).map(([name, member]) => [name.toLowerCase(), member]));
  return Object.fromEntries(
    Object.entries(shape).map(([name, type]) => {
      const member: unknown = members.get(name.toLowerCase());
      const zero = { string: '', integer: 0, uuid: NO_ID }[type];
      if (member === null || member === undefined) return [name, zero];
      const fits =
        type === 'integer'
          ? Number.isInteger(member)
          : typeof member === 'string' && (type === 'string' || UUID.test(member));
      if (!fits) throw new Error(`cannot unmarshal ${name} into ${type}`);
      return [name, member as string | number];
    }),
  );
}
