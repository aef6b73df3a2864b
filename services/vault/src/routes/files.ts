import { MAX_FILE_BYTES } from '@strongroom/contracts/limits';
import { attachment } from '@strongroom/http/attachment';
import { ByteStream } from '@strongroom/http/body-stream';
import { entityTag, readIfMatch } from '@strongroom/http/entity-tags';
import { AUTHENTICATED, route, type Route } from '@strongroom/http/route';
import { Line, Members, Type } from '@strongroom/schema/types';
import type { VaultContext } from '../context.ts';
import { parseFileName, parseMediaType } from '../domain/file.ts';
import type { Secret, SecretAddress } from '../domain/secret.ts';
import { once } from '../operations/once.ts';
import { readFile } from '../operations/read-file.ts';
import { removeFile } from '../operations/remove-file.ts';
import { storeFile, withUpload } from '../operations/store-file.ts';
import { DeleteConditions, WriteConditions } from './conditions.ts';
import { NameInput } from './secret-view.ts';

const PREFIX = '/vault/api/v1';

const Field = Type.String({
  format: 'line',
  minLength: 1,
  maxLength: 256,
  default: 'file',
  description: 'The member of the content that the file stands under',
});

const FileView = Members({
  file: Members({
    id: Type.String(),
    number: Type.Integer(),
    name: Type.String(),
    media_type: Type.String(),
    size: Type.Integer(),
    sha256: Type.String(),
  }),
});

/** Files of shared secrets and of personal ones. `{name}` may hold slashes, encoded or not. */
export const fileRoutes = (ctx: VaultContext): Route[] => [
  ...routesOf(ctx, 'shared'),
  ...routesOf(ctx, 'personal'),
];

function routesOf(ctx: VaultContext, kind: 'shared' | 'personal'): Route[] {
  const personal = kind === 'personal';
  const path = `${personal ? `${PREFIX}/user/:user_id` : PREFIX}/files/secrets/*name`;
  const what = personal ? 'personal secret' : 'secret';
  const operation = (act: string) => `${act}${personal ? 'User' : ''}SecretFile`;
  const ByName = Type.Unsafe<{ user_id?: string; name: string }>(
    Members({ ...(personal ? { user_id: Line(128, 1) } : {}), name: NameInput }),
  );
  const addressOf = (params: { user_id?: string; name: string }): SecretAddress => ({
    ownerId: params.user_id,
    name: params.name,
  });
  return [
    route({
      method: 'put',
      path,
      operationId: operation('put'),
      tag: 'files',
      summary: `Store a file in a ${what}: a new version that has it under its field, all else as it was`,
      access: AUTHENTICATED,
      params: ByName,
      query: Members({ field: Field, filename: Type.String({ default: 'file', maxLength: 1_024 }) }),
      headers: WriteConditions,
      bodyType: 'stream',
      body: ByteStream(MAX_FILE_BYTES),
      response: FileView,
      handle({ params, query, headers, body, caller, request }) {
        const address = addressOf(params);
        const { field } = query;
        const name = parseFileName(query.filename);
        const mediaType = parseMediaType(body.mediaType);
        const expected = { revisions: readIfMatch(headers['if-match']) };
        const stated = { name, mediaType, content: body.bytes };
        return withUpload(ctx, caller, request, address, stated, async upload => {
          const { id, number, ...file } = upload.file;
          const act = { caller, request, key: headers['idempotency-key'] };
          // Only this is kept under the key. All else a repeated request says itself; it must not lie in clear.
          const stored = await once<Secret, { id: string; number: number; revision: number }>(
            ctx,
            { ...act, target: ['store-file', address, field, file, expected] },
            ({ revision }) => ({ id, number, revision }),
            remember => storeFile(ctx, caller, request, address, upload, field, expected, remember),
          );
          return {
            body: { file: { id: stored.id, number: stored.number, ...file } },
            headers: { etag: entityTag(stored.revision) },
          };
        });
      },
    }),
    route({
      method: 'get',
      path,
      operationId: operation('get'),
      tag: 'files',
      summary: `Read a file of a ${what}; an answer that breaks off is not whole`,
      access: AUTHENTICATED,
      params: ByName,
      query: Members({
        field: Field,
        version: Type.Optional(Type.Integer({ minimum: 1, maximum: 2 ** 31 - 1 })),
      }),
      produces: 'application/octet-stream',
      async handle({ params, query, caller, request }) {
        const address = addressOf(params);
        const { file, content } = await readFile(ctx, caller, request, address, query.field, query.version);
        return {
          stream: { type: file.media_type, pieces: content },
          headers: {
            'content-length': String(file.size),
            'content-disposition': attachment(file.name),
            // RFC 9530.
            'repr-digest': `sha-256=:${Buffer.from(file.sha256, 'hex').toString('base64')}:`,
          },
        };
      },
    }),
    route({
      method: 'delete',
      path,
      operationId: operation('delete'),
      tag: 'files',
      summary: `Write a version of a ${what} without the file; versions that have it keep it`,
      access: AUTHENTICATED,
      params: ByName,
      query: Members({ field: Field }),
      headers: DeleteConditions,
      async handle({ params, query, headers, caller, request }) {
        const expected = { revisions: readIfMatch(headers['if-match']) };
        const secret = await removeFile(ctx, caller, request, addressOf(params), query.field, expected);
        return { headers: { etag: entityTag(secret.revision) } };
      },
    }),
  ];
}
