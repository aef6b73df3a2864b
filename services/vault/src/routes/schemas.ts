import { AUTHENTICATED, ok, route, type Route } from '@strongroom/http/route';
import { Choice, Members, Type } from '@strongroom/schema/types';
import type { VaultContext } from '../context.ts';
import type { Schema } from '../domain/schema.ts';
import { listSchemas } from '../store/schemas.ts';

const Field = Members({
  name: Type.String(),
  title: Type.String(),
  type: Choice('text', 'file'),
  masked: Type.Optional(Type.Boolean()),
  wide: Type.Optional(Type.Boolean()),
  multiline: Type.Optional(Type.Boolean()),
  required: Type.Optional(Type.Boolean()),
});

const SchemaView = Members({
  id: Type.String(),
  number: Type.Integer(),
  name: Type.String(),
  title: Type.String(),
  open: Type.Boolean({ description: 'Whether a secret may have fields beyond these' }),
  built_in: Type.Boolean(),
  properties: Type.Array(Field),
});

/** Templates of secrets (contract 2.5): a bare array, as PrivX keeps them in its settings. */
export const schemaRoutes = (ctx: VaultContext): Route[] => [
  route({
    method: 'get',
    path: '/vault/api/v1/schemas',
    operationId: 'listSchemas',
    tag: 'schemas',
    summary: 'The schemas that secrets can follow',
    access: AUTHENTICATED,
    response: Type.Array(SchemaView),
    handle: async () => ok((await listSchemas(ctx.db)).map(schemaView)),
  }),
];

const schemaView = ({ builtIn, ...schema }: Schema) => ({ ...schema, built_in: builtIn });
