import { AUTHENTICATED, ok, route, type Route } from '@strongroom/http/route';
import { Page, pageBounds, pageOf, PageQuery, SortQuery } from '@strongroom/http/secret-server-page';
import { Line, Members, Type } from '@strongroom/schema/types';
import type { VaultContext } from '../../context.ts';
import { generateFieldPassword } from '../../operations/generate-field-password.ts';
import { schemaNotFound } from '../../domain/errors.ts';
import type { Schema } from '../../domain/schema.ts';
import { allSchemas, schemaByNumber } from '../../operations/read-schema.ts';
import { fieldOfId } from './fields.ts';
import { ById, Id } from './secret-key.ts';
import { TemplateSummary, templateSummary, TemplateView, templateView } from './template-view.ts';
import { inVersions, secretServer, V1, V1_AND_V2 } from './versions.ts';

/** Schemas, which the dialect calls templates (contract 6). They are no secret: whoever signs in may see them. */
export const templateRoutes = (ctx: VaultContext): Route[] => [
  ...inVersions(V1, (at, named) =>
    route({
      ...secretServer,
      method: 'get',
      path: at('/secret-templates'),
      operationId: named('SearchTemplates'),
      summary: 'Templates, in the order in which they were made',
      access: AUTHENTICATED,
      query: Members({
        ...PageQuery,
        ...SortQuery,
        'filter.searchText': Type.Optional(Line(128)),
        'filter.includeInactive': Type.Optional(Type.Boolean()),
        'filter.includeSecretCount': Type.Optional(Type.Boolean()),
      }),
      response: Page(TemplateSummary),
      handle: async ({ query }) => {
        const text = (query['filter.searchText'] ?? '').toLowerCase();
        const found = (await allSchemas(ctx)).filter(({ title }) => title.toLowerCase().includes(text));
        const { offset, limit } = pageBounds(query);
        const records = found.slice(offset, offset + limit).map(templateSummary);
        return ok(pageOf(records, found.length, query));
      },
    }),
  ),
  ...inVersions(V1, (at, named) =>
    route({
      ...secretServer,
      method: 'get',
      path: at('/secret-templates-list'),
      operationId: named('ListTemplates'),
      summary: 'The same as a bare array of all',
      access: AUTHENTICATED,
      response: Type.Array(TemplateSummary),
      handle: async () => ok((await allSchemas(ctx)).map(templateSummary)),
    }),
  ),
  ...inVersions(V1_AND_V2, (at, named) =>
    route({
      ...secretServer,
      method: 'get',
      path: at('/secret-templates/:id'),
      operationId: named('GetTemplate'),
      summary: 'One template with its fields',
      access: AUTHENTICATED,
      params: ById,
      response: TemplateView,
      handle: async ({ params }) => ok(templateView(await requireTemplate(ctx, params.id))),
    }),
  ),
  ...inVersions(V1, (at, named) =>
    route({
      ...secretServer,
      method: 'post',
      path: at('/secret-templates/generate-password/:id'),
      operationId: named('GeneratePassword'),
      summary:
        'A new password for a field of a template, kept nowhere; of characters that JSON does not escape',
      access: AUTHENTICATED,
      params: Members({ id: Id }),
      response: Type.String(),
      handle: async ({ params, caller, request }) => {
        const { schemaNumber, fieldNumber } = fieldOfId(params.id);
        const schema = await requireTemplate(ctx, schemaNumber);
        const field = schema.properties.find(({ number }) => number === fieldNumber);
        return ok(await generateFieldPassword(ctx, caller, request, schema, field));
      },
    }),
  ),
];

async function requireTemplate(ctx: VaultContext, number: number): Promise<Schema> {
  const schema = await schemaByNumber(ctx, number);
  if (schema === undefined) throw schemaNotFound();
  return schema;
}
