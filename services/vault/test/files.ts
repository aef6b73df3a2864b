import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { request as httpRequest, type ClientRequest, type IncomingMessage } from 'node:http';
import { expect } from '@jest/globals';
import { pathOf, SECRETS, uniqueName, type Answer, type TestVault } from './support.ts';

export const FILES = '/vault/api/v1/files/secrets';

export interface Download {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly bytes: Buffer;
  /** Whether the answer ended as it should. */
  readonly whole: boolean;
}

export interface BegunUpload {
  readonly request: ClientRequest;
  readonly status: Promise<number>;
}

/** Files of one installation, as a caller who may read and write everything. */
export interface Files {
  readonly as: string;
  /** A new secret; its name. */
  create: (data?: unknown) => Promise<string>;
  put: (name: string, content: Buffer, query?: string, headers?: Record<string, string>) => Promise<Answer>;
  get: (name: string, query?: string, as?: string) => Promise<Download>;
  /** The content of the secret as the JSON API shows it. */
  data: (name: string) => Promise<Record<string, unknown>>;
  /** Begins an upload whose body comes by hand. */
  begin: (name: string, headers?: Record<string, string>, at?: string) => BegunUpload;
  /** Rows of files, of chunks and of versions' files. */
  rows: () => Promise<[files: number, chunks: number, references: number]>;
}

export const fileOf = (answer: Answer): Record<string, unknown> =>
  (answer.body as { file: Record<string, unknown> }).file;

export const sha256 = (content: Buffer): string => createHash('sha256').update(content).digest('hex');

export async function filesOf(vault: TestVault): Promise<Files> {
  const as = await vault.issuer.bearer({
    permissions: ['vault-add', 'vault-manage'],
    roles: [vault.role.id],
  });
  const at = (name: string, query = '') => `${pathOf(name, FILES)}${query}`;
  return {
    as,
    async create(data = {}) {
      const name = uniqueName('with files');
      const lists = { read_roles: [vault.role], write_roles: [vault.role] };
      const { status } = await vault.call('POST', SECRETS, { as, body: { name, data, ...lists } });
      expect(status).toBe(201);
      return name;
    },
    put: (name, content, query, headers = {}) =>
      vault.call('PUT', at(name, query), { as, body: content, headers }),
    get: (name, query, caller = as) => download(vault.url, at(name, query), caller),
    data: async name =>
      (await vault.call('GET', pathOf(name), { as })).body['data'] as Record<string, unknown>,
    begin(name, headers = {}, base = vault.url) {
      const request = httpRequest(base, {
        method: 'PUT',
        path: at(name),
        headers: { authorization: as, ...headers },
        agent: false,
      });
      request.on('error', () => undefined);
      const status = (once(request, 'response') as Promise<[IncomingMessage]>).then(([response]) => {
        response.resume();
        return response.statusCode ?? 0;
      });
      // Whoever breaks off himself does not ask for it.
      status.catch(() => undefined);
      request.flushHeaders();
      return { request, status };
    },
    async rows() {
      const [row] = await vault.superuser.query<{ counts: [number, number, number] }>(
        `SELECT ARRAY[(SELECT count(*) FROM files), (SELECT count(*) FROM file_chunks),
                      (SELECT count(*) FROM version_files)]::integer[] AS counts`,
      );
      return row?.counts ?? [0, 0, 0];
    },
  };
}

async function download(base: string, path: string, as: string): Promise<Download> {
  const request = httpRequest(base, { path, headers: { authorization: as }, agent: false });
  request.end();
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  const pieces: Buffer[] = [];
  let whole = true;
  try {
    for await (const piece of response) pieces.push(piece as Buffer);
  } catch {
    whole = false;
  }
  const { statusCode: status = 0, headers } = response;
  return { status, headers, bytes: Buffer.concat(pieces), whole };
}
