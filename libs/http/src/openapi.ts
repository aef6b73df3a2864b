import { Members, Type, type TSchema } from '@strongroom/schema/types';
import type { BodyType, Route } from './route.ts';

const ErrorSchema = Type.Object(
  {
    error_code: Type.String({ description: 'Stable code, e.g. OBJECT_NOT_FOUND' }),
    error_message: Type.String(),
    property: Type.Optional(Type.String({ description: 'Path of the first broken field' })),
    details: Type.Optional(
      Type.Array(
        Type.Object({
          error_code: Type.String(),
          error_message: Type.String(),
          property: Type.Optional(Type.String()),
        }),
      ),
    ),
    request_id: Type.Optional(Type.String()),
  },
  { description: 'Answer to every request that fails' },
);

/** OpenAPI 3.1 of one service, from the schemas that check its requests. */
export function openApiDocument(
  title: string,
  version: string,
  routes: readonly Route[],
): Record<string, unknown> {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const route of routes) {
    const path = route.path.replace(/[:*](\w+)/g, '{$1}');
    (paths[path] ??= {})[route.method] = operation(route);
  }
  return {
    openapi: '3.1.0',
    info: { title, version },
    paths,
    components: {
      schemas: { Error: ErrorSchema },
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } },
    },
  };
}

const ANY_BYTES = 'application/octet-stream';

const MEDIA_TYPES: Record<BodyType, string> = {
  json: 'application/json',
  form: 'application/x-www-form-urlencoded',
  stream: ANY_BYTES,
};

const DESCRIPTIONS = { 200: 'OK', 201: 'Created', 204: 'No Content' };

function operation(route: Route): Record<string, unknown> {
  return {
    operationId: route.operationId,
    tags: [route.tag],
    summary: route.summary,
    description: accessSentence(route),
    security: route.access.kind === 'public' ? [] : [{ bearer: [] }],
    parameters: [
      ...parameters('path', route.params),
      ...parameters('query', route.query),
      ...parameters('header', route.headers),
    ],
    ...(route.body === undefined ? {} : { requestBody: { content: bodyContent(route.body, route) } }),
    responses: {
      [String(route.status ?? 200)]: {
        description: DESCRIPTIONS[route.status ?? 200],
        ...answerContent(route),
      },
      default: {
        description: 'Failure',
        content: {
          'application/json': { schema: route.dialect?.ErrorBody ?? { $ref: '#/components/schemas/Error' } },
        },
      },
    },
  };
}

function bodyContent(body: TSchema, { bodyType = 'json', consumes }: Route): Record<string, unknown> {
  const schemas = Object.entries(consumes ?? { [MEDIA_TYPES[bodyType]]: body });
  return Object.fromEntries(schemas.map(([mediaType, schema]) => [mediaType, { schema }]));
}

function answerContent({ response, produces }: Route): Record<string, unknown> {
  if (produces !== undefined) {
    const schema = { type: 'string', ...(produces === ANY_BYTES ? { format: 'binary' } : {}) };
    return { content: { [produces]: { schema } } };
  }
  return response === undefined ? {} : { content: { 'application/json': { schema: response } } };
}

function accessSentence({ access }: Route): string {
  if (access.kind === 'public') return 'Needs no token.';
  if (access.kind === 'own-check') return 'Needs a token that was issued for this endpoint.';
  if (access.kind === 'authenticated') return 'Needs a token; rights are decided on the object.';
  return `Needs the permission ${access.anyOf.join(' or ')}.`;
}

function parameters(
  place: 'path' | 'query' | 'header',
  schema: TSchema = Members({}),
): Record<string, unknown>[] {
  const { properties = {}, required = [] } = schema as {
    properties?: Record<string, TSchema>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, property]) => ({
    name,
    in: place,
    // The schemas call a member with a default required, since handlers always find it; callers may omit it.
    required: place === 'path' || (required.includes(name) && !('default' in property)),
    schema: property,
  }));
}
