import type { Caller, RequestInfo } from '@strongroom/contracts/caller';
import { AppError } from '@strongroom/errors/app-error';
import { invalidField, objectNotFound } from '@strongroom/errors/common-errors';
import { attachment } from '@strongroom/http/attachment';
import { AUTHENTICATED, ok, route, type Reply, type Route } from '@strongroom/http/route';
import { Members, Text, Type } from '@strongroom/schema/types';
import type { VaultContext } from '../../context.ts';
import type { SecretAddress } from '../../domain/secret.ts';
import { locateSecret } from '../../operations/locate-secret.ts';
import { readFile } from '../../operations/read-file.ts';
import { readFolder } from '../../operations/read-folder.ts';
import { schemaByNumber, schemaOf } from '../../operations/read-schema.ts';
import { readMetadata, readSecret } from '../../operations/read-secret.ts';
import { AccessArgs, accessQuery, toldOf, type StatedAccess } from './access-args.ts';
import { fieldsOf, fileIn, textOf } from './fields.ts';
import { fieldNamed } from './items.ts';
import { ById, ByPath, Id, secretKey } from './secret-key.ts';
import { NO_FOLDER, secretView, SecretView, stubView } from './secret-view.ts';
import { inVersions, secretServer, V1, V1_AND_V2 } from './versions.ts';

const ByField = Members({ id: Id, slug: Text(512) });
const Query = Members({ ...ByPath, ...accessQuery });

/** How a secret is asked for, in a query or a body. */
interface Asked extends StatedAccess {
  readonly includeInactive?: boolean | null | undefined;
}

/** Reading secrets (contract 5, rows 1, 2, 12, 17 and 18). */
export const readSecretRoutes = (ctx: VaultContext): Route[] => [
  ...inVersions(V1_AND_V2, (at, named) =>
    route({
      ...secretServer,
      method: 'get',
      path: at('/secrets/stub'),
      operationId: named('GetSecretStub'),
      summary: 'What a new secret of a template looks like',
      access: AUTHENTICATED,
      query: Members({ secretTemplateId: Id, folderId: Type.Optional(Type.Integer({ minimum: -1 })) }),
      response: SecretView,
      async handle({ query, caller, request }) {
        const schema = await schemaByNumber(ctx, query.secretTemplateId);
        if (schema === undefined) throw objectNotFound('Template');
        const { folderId = NO_FOLDER } = query;
        if (folderId > 0) await readFolder(ctx, caller, request, { number: folderId });
        return ok(stubView(schema, folderId > 0 ? folderId : NO_FOLDER));
      },
    }),
  ),
  ...inVersions(V1_AND_V2, (at, named) =>
    route({
      ...secretServer,
      method: 'get',
      path: at('/secrets/:id'),
      operationId: named('GetSecret'),
      summary: 'Read a secret with its content, by its number, or by its path where the number is 0',
      access: AUTHENTICATED,
      params: ById,
      query: Query,
      response: SecretView,
      async handle({ params, query, caller, request }) {
        const address = await locateSecret(ctx, caller, request, secretKey(params.id, query.secretPath));
        return answerSecret(ctx, caller, request, address, { ...query, comment: query.autoComment });
      },
    }),
  ),
  ...inVersions(V1_AND_V2, (at, named) =>
    route({
      ...secretServer,
      method: 'post',
      path: at('/secrets/:id/restricted'),
      operationId: named('GetRestrictedSecret'),
      summary: 'The same with a comment and a ticket, which go on the record',
      access: AUTHENTICATED,
      params: ById,
      query: Members(ByPath),
      body: AccessArgs,
      response: SecretView,
      async handle({ params, query, body, caller, request }) {
        const address = await locateSecret(ctx, caller, request, secretKey(params.id, query.secretPath));
        return answerSecret(ctx, caller, request, address, body);
      },
    }),
  ),
  ...inVersions(V1, (at, named) =>
    route({
      ...secretServer,
      method: 'get',
      path: at('/secrets/:id/fields/:slug'),
      operationId: named('GetSecretField'),
      summary: 'One field: a JSON string, or the bytes of a file',
      access: AUTHENTICATED,
      params: ByField,
      query: Query,
      response: Type.String(),
      async handle({ params, query, caller, request }) {
        const address = await locateSecret(ctx, caller, request, secretKey(params.id, query.secretPath));
        return answerField(ctx, caller, request, address, params.slug, { comment: query.autoComment });
      },
    }),
  ),
  ...inVersions(V1, (at, named) =>
    route({
      ...secretServer,
      method: 'post',
      path: at('/secrets/:id/restricted/fields/:slug'),
      operationId: named('GetRestrictedSecretField'),
      summary: 'The same with a comment and a ticket, which go on the record',
      access: AUTHENTICATED,
      params: ByField,
      query: Members(ByPath),
      body: AccessArgs,
      response: Type.String(),
      async handle({ params, query, body, caller, request }) {
        const address = await locateSecret(ctx, caller, request, secretKey(params.id, query.secretPath));
        return answerField(ctx, caller, request, address, params.slug, body);
      },
    }),
  ),
];

/** The secret as it is now. One that is deleted is shown without its values, to those who ask for such. */
export async function answerSecret(
  ctx: VaultContext,
  caller: Caller,
  request: RequestInfo,
  address: SecretAddress,
  asked: Asked,
): Promise<Reply> {
  try {
    const { secret, data = {} } = await readSecret(ctx, caller, request, address, undefined, toldOf(asked));
    return ok(secretView(secret, await schemaOf(ctx, secret), { active: true, data }));
  } catch (error) {
    const isAbsent = error instanceof AppError && error.kind === 'not_found';
    if (!isAbsent || asked.includeInactive !== true) throw error;
    const secret = await readMetadata(ctx, caller, request, address);
    return ok(secretView(secret, await schemaOf(ctx, secret), { active: false, data: {} }));
  }
}

async function answerField(
  ctx: VaultContext,
  caller: Caller,
  request: RequestInfo,
  address: SecretAddress,
  slug: string,
  access: StatedAccess,
): Promise<Reply> {
  const { secret, data = {} } = await readSecret(ctx, caller, request, address, undefined, toldOf(access));
  const field = fieldNamed(fieldsOf(secret, await schemaOf(ctx, secret), data), slug);
  if (field === undefined) throw noSuchField();
  if (!field.isFile) return ok(textOf(Object.hasOwn(data, field.slug) ? data[field.slug] : undefined));
  if (fileIn(data, field.slug) === undefined) throw invalidField('slug', 'The field has no file');
  const { file, content } = await readFile(ctx, caller, request, address, field.slug, secret.version);
  return {
    stream: { type: 'application/octet-stream', pieces: content },
    headers: { 'content-length': String(file.size), 'content-disposition': attachment(file.name) },
  };
}

export const noSuchField = () => invalidField('slug', 'The secret has no such field');
