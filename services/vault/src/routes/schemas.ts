import { entityTag, readIfMatch, readIfNoneMatch } from '@strongroom/http/entity-tags';
import {
  AUTHENTICATED,
  created,
  ok,
  route,
  withPermission,
  type Reply,
  type Route,
} from '@strongroom/http/route';
import { Choice, Line, Members, Name, OrNull, Type, type Static } from '@strongroom/schema/types';
import { invalidField } from '@strongroom/errors/common-errors';
import type { VaultContext } from '../context.ts';
import { schemaNotFound } from '../domain/errors.ts';
import { MAX_SCHEMA_FIELDS, type Schema, type StatedField } from '../domain/schema.ts';
import { changeSchema, createSchema, deleteSchema } from '../operations/manage-schemas.ts';
import { once } from '../operations/once.ts';
import { findSchema, listSchemas } from '../store/schemas.ts';
import { DeleteConditions, OnceOnly, ReadConditions, WriteConditions } from './conditions.ts';

const PATH = '/vault/api/v1/schemas';
const MANAGE = withPermission('vault-manage');

/** How schemas and their fields are called: a word that needs no escape anywhere. */
const Word = Type.String({ minLength: 1, maxLength: 64, pattern: '^[A-Za-z0-9_.-]*$' });

const flags = {
  masked: Type.Boolean({ description: 'Shown only on demand' }),
  wide: Type.Boolean(),
  multiline: Type.Boolean(),
  required: Type.Boolean(),
};

const FieldView = Members({
  number: Type.Integer(),
  name: Type.String(),
  title: Type.String(),
  type: Choice('text', 'file'),
  masked: Type.Optional(flags.masked),
  wide: Type.Optional(flags.wide),
  multiline: Type.Optional(flags.multiline),
  required: Type.Optional(flags.required),
});

const SchemaView = Members({
  id: Type.String(),
  number: Type.Integer(),
  name: Type.String(),
  title: Type.String(),
  open: Type.Boolean({ description: 'Whether a secret may have fields beyond these' }),
  built_in: Type.Boolean(),
  properties: Type.Array(FieldView),
});

const FieldInput = Members({
  name: Word,
  title: OrNull(Line(128)),
  type: OrNull(Choice('text', 'file')),
  masked: OrNull(flags.masked),
  wide: OrNull(flags.wide),
  multiline: OrNull(flags.multiline),
  required: OrNull(flags.required),
});

const FieldList = Type.Array(FieldInput, { maxItems: MAX_SCHEMA_FIELDS });
const ByName = Members({ name: Line(128, 1) });

/** Templates of secrets (contract 2.5): a bare array, as PrivX keeps them in its settings. */
export const schemaRoutes = (ctx: VaultContext): Route[] => [
  route({
    method: 'get',
    path: PATH,
    operationId: 'listSchemas',
    tag: 'schemas',
    summary: 'The schemas that secrets can follow',
    access: AUTHENTICATED,
    response: Type.Array(SchemaView),
    handle: async () => ok((await listSchemas(ctx.db)).map(schemaView)),
  }),
  route({
    method: 'post',
    path: PATH,
    operationId: 'createSchema',
    tag: 'schemas',
    summary: 'Make a schema; it is open unless told otherwise',
    access: MANAGE,
    status: 201,
    headers: OnceOnly,
    body: Members({
      name: Word,
      title: OrNull(Name(128)),
      open: OrNull(Type.Boolean()),
      properties: FieldList,
    }),
    response: Members({ id: Type.String(), number: Type.Integer(), name: Type.String() }),
    handle: ({ headers, body, caller, request }) => {
      const input = {
        name: body.name,
        title: body.title ?? body.name,
        open: body.open ?? true,
        properties: body.properties.map(toField),
      };
      return once<Schema, Reply>(
        ctx,
        { caller, request, key: headers['idempotency-key'], target: ['create schema', input] },
        ({ id, number, name }) => created({ id, number, name }, `${PATH}/${encodeURIComponent(name)}`),
        remember => createSchema(ctx, caller, request, input, remember),
      );
    },
  }),
  route({
    method: 'get',
    path: `${PATH}/:name`,
    operationId: 'getSchema',
    tag: 'schemas',
    summary: 'One schema',
    access: AUTHENTICATED,
    params: ByName,
    headers: ReadConditions,
    response: SchemaView,
    handle: async ({ params, headers }) => {
      const schema = await findSchema(ctx.db, params.name);
      if (schema === undefined) throw schemaNotFound();
      const tag = { etag: entityTag(schema.revision) };
      if (readIfNoneMatch(headers['if-none-match'])(schema.revision)) return { status: 304, headers: tag };
      return { body: schemaView(schema), headers: tag };
    },
  }),
  route({
    method: 'put',
    path: `${PATH}/:name`,
    operationId: 'updateSchema',
    tag: 'schemas',
    summary: 'Change a schema; absent members stay, and secrets are checked when they are next written',
    access: MANAGE,
    params: ByName,
    headers: WriteConditions,
    body: Members({
      name: OrNull(Line(128)),
      title: OrNull(Name(128)),
      open: OrNull(Type.Boolean()),
      properties: OrNull(FieldList),
    }),
    handle: ({ params, headers, body, caller, request }) => {
      refuseRename(params.name, body.name);
      const change = {
        title: body.title ?? undefined,
        open: body.open ?? undefined,
        properties: body.properties?.map(toField),
      };
      const expected = { revisions: readIfMatch(headers['if-match']) };
      const target = ['update schema', params.name, change, expected];
      return once<Schema, Reply>(
        ctx,
        { caller, request, key: headers['idempotency-key'], target },
        ({ revision }) => ({ headers: { etag: entityTag(revision) } }),
        remember => changeSchema(ctx, caller, request, params.name, change, expected, remember),
      );
    },
  }),
  route({
    method: 'delete',
    path: `${PATH}/:name`,
    operationId: 'deleteSchema',
    tag: 'schemas',
    summary: 'Delete a schema that no secret follows',
    access: MANAGE,
    params: ByName,
    headers: DeleteConditions,
    handle: async ({ params, headers, caller, request }) => {
      const revisions = readIfMatch(headers['if-match']);
      await deleteSchema(ctx, caller, request, params.name, { revisions });
      return ok();
    },
  }),
];

/** As PrivX writes them: what does not hold is left out. */
const toField = (input: Static<typeof FieldInput>): StatedField => ({
  name: input.name,
  title: input.title === undefined || input.title === null || input.title === '' ? input.name : input.title,
  type: input.type ?? 'text',
  ...(input.masked === true && { masked: true }),
  ...(input.wide === true && { wide: true }),
  ...(input.multiline === true && { multiline: true }),
  ...(input.required === true && { required: true }),
});

const schemaView = ({ id, number, name, title, open, builtIn, properties }: Schema) => ({
  id,
  number,
  name,
  title,
  open,
  built_in: builtIn,
  properties,
});

/** Secrets name the schema that they follow. */
function refuseRename(name: string, stated: string | null | undefined): void {
  if (stated === undefined || stated === null || stated === '' || stated === name) return;
  throw invalidField(
    'name',
    'name differs from the path; a schema cannot be renamed',
    'VALUE_INCORRECT_FORMAT',
  );
}
