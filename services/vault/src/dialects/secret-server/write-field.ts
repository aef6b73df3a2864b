import type { Caller, RequestInfo } from '@strongroom/contracts/caller';
import { MAX_FIELD_BODY_BYTES, MAX_FILE_BYTES } from '@strongroom/contracts/limits';
import { badRequest, invalidField } from '@strongroom/errors/common-errors';
import { ByteStream, type BodyStream } from '@strongroom/http/body-stream';
import { atMost, textOf } from '@strongroom/http/byte-pieces';
import { lenient } from '@strongroom/http/lenient';
import { boundaryOf, formParts } from '@strongroom/http/multipart';
import { parseJson } from '@strongroom/http/request-body';
import { AUTHENTICATED, ok, route, type Reply, type Route } from '@strongroom/http/route';
import { bodyParser } from '@strongroom/schema/parser';
import { Members, OrNull, Text, Type } from '@strongroom/schema/types';
import type { VaultContext } from '../../context.ts';
import { NOTHING_EXPECTED } from '../../domain/expectation.ts';
import { parseFileName, parseMediaType } from '../../domain/file.ts';
import type { SecretAddress } from '../../domain/secret.ts';
import { editSecret } from '../../operations/edit-secret.ts';
import { locateSecret } from '../../operations/locate-secret.ts';
import { FORGET } from '../../operations/once.ts';
import { schemaOf } from '../../operations/read-schema.ts';
import { readMetadata, readSecret } from '../../operations/read-secret.ts';
import { storeFile, withUpload } from '../../operations/store-file.ts';
import { accessArgs, toldOf } from './access-args.ts';
import { fieldsOf } from './fields.ts';
import { fieldNamed, withValue } from './items.ts';
import { noSuchField } from './read-secret.ts';
import { ByPath, Id, secretKey } from './secret-key.ts';
import { inVersions, secretServer, V1 } from './versions.ts';

const FieldInput = Members({
  value: OrNull(Type.String()),
  fileName: OrNull(Type.String({ maxLength: 1_024 })),
  fileAttachment: Type.Optional(Type.Unsafe<unknown>({})),
  ...accessArgs,
});
const parseFieldInput = bodyParser(FieldInput);

/** Writing one field (contract 5, row 3; 5.2): a text as JSON, a file as a form or as JSON. */
export const writeFieldRoutes = (ctx: VaultContext): Route[] =>
  inVersions(V1, (at, named) =>
    route({
      ...secretServer,
      method: 'put',
      path: at('/secrets/:id/fields/:slug'),
      operationId: named('PutSecretField'),
      summary: 'Write one field: a text as JSON, a file as multipart/form-data or as JSON',
      access: AUTHENTICATED,
      params: Members({ id: Id, slug: Text(512) }),
      query: Members(ByPath),
      bodyType: 'stream',
      body: ByteStream(MAX_FIELD_BODY_BYTES),
      response: Type.String(),
      async handle({ params, query, body, caller, request }) {
        const address = await locateSecret(ctx, caller, request, secretKey(params.id, query.secretPath));
        const boundary = boundaryOf(body.mediaType);
        return boundary === undefined
          ? putJson(ctx, caller, request, address, params.slug, body)
          : putForm(ctx, caller, request, address, params.slug, boundary, body);
      },
    }),
  );

async function putJson(
  ctx: VaultContext,
  caller: Caller,
  request: RequestInfo,
  address: SecretAddress,
  slug: string,
  body: BodyStream,
): Promise<Reply> {
  const input = parseFieldInput(lenient(FieldInput, parseJson(await textOf(body.bytes))));
  if (input.fileAttachment !== undefined && input.fileAttachment !== null) {
    const content = attachmentBytes(input.fileAttachment);
    return putFile(ctx, caller, request, address, slug, input.fileName, '', [content]);
  }
  if (input.value === undefined) throw invalidField('value', 'value or fileAttachment is required');
  const value = input.value ?? '';
  await editSecret(ctx, caller, request, address, {
    rewrite(data, secret, schema) {
      const field = fieldNamed(fieldsOf(secret, schema, data), slug);
      if (field === undefined) throw noSuchField();
      return withValue(data, field, value, 'value');
    },
    rename: ({ name }) => name,
    shown: false,
    told: toldOf(input),
  });
  return ok(value);
}

async function putForm(
  ctx: VaultContext,
  caller: Caller,
  request: RequestInfo,
  address: SecretAddress,
  slug: string,
  boundary: string,
  body: BodyStream,
): Promise<Reply> {
  for await (const part of formParts(boundary, body.bytes)) {
    if (part.fileName === undefined) continue;
    // Leaving the loop before the file is stored would end the body.
    return await putFile(ctx, caller, request, address, slug, part.fileName, part.mediaType, part.content);
  }
  throw badRequest('The form has no file');
}

async function putFile(
  ctx: VaultContext,
  caller: Caller,
  request: RequestInfo,
  address: SecretAddress,
  slug: string,
  fileName: string | null | undefined,
  mediaType: string,
  content: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): Promise<Reply> {
  const stated = {
    name: parseFileName(fileName ?? 'File.txt'),
    mediaType: parseMediaType(mediaType),
    content: atMost(content, MAX_FILE_BYTES, 'A file'),
  };
  const field = await fileFieldOf(ctx, caller, request, address, slug);
  await withUpload(ctx, caller, request, address, stated, upload =>
    storeFile(ctx, caller, request, address, upload, field, NOTHING_EXPECTED, FORGET),
  );
  return ok('true');
}

/** The field's own name. Who may write but not read knows the fields of the schema only. */
async function fileFieldOf(
  ctx: VaultContext,
  caller: Caller,
  request: RequestInfo,
  address: SecretAddress,
  slug: string,
): Promise<string> {
  const secret = await readMetadata(ctx, caller, request, address);
  const schema = await schemaOf(ctx, secret);
  const known = fieldNamed(fieldsOf(secret, schema, {}), slug);
  if (known !== undefined) return known.slug;
  const { data = {} } = await readSecret(ctx, caller, request, address);
  const field = fieldNamed(fieldsOf(secret, schema, data), slug);
  if (field === undefined) throw noSuchField();
  return field.slug;
}

const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

/** As PowerShell writes bytes, a list of numbers; or in base64. */
function attachmentBytes(stated: unknown): Uint8Array {
  if (typeof stated === 'string' && stated.length % 4 === 0 && BASE64.test(stated)) {
    return Buffer.from(stated, 'base64');
  }
  if (Array.isArray(stated) && stated.every(byte => Number.isInteger(byte) && byte >= 0 && byte <= 255)) {
    return Uint8Array.from(stated as number[]);
  }
  throw invalidField('fileAttachment', 'fileAttachment must be a list of bytes, or base64');
}
