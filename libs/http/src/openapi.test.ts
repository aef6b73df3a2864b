import { describe, expect, test } from '@jest/globals';
import { Choice, Envelope, FreeObject, Line, Members, OrNull, Type, Uuid } from '@strongroom/schema/types';
import { ByteStream } from './body-stream.ts';
import { openApiDocument } from './openapi.ts';
import { paging } from './paging.ts';
import { AUTHENTICATED, ok, PUBLIC, route, withPermission } from './route.ts';
import { statusRoute } from './status-route.ts';

interface Operation {
  operationId: string;
  description: string;
  security: unknown[];
  parameters: { name: string; in: string; required: boolean; schema: unknown }[];
  requestBody?: { content: Record<string, { schema: unknown }> };
  responses: Record<string, { description: string; content?: Record<string, { schema: unknown }> }>;
}

const Thing = Members({ id: Uuid, name: Line(9), comment: OrNull(Line(9)), data: FreeObject });
const common = { tag: 'things', summary: 'Does it', handle: () => ok() };
const routes = [
  statusRoute({
    prefix: '/thing-store/api/v1',
    service: 'things',
    version: '1',
    startedAt: new Date(0),
    isReady: () => Promise.resolve(true),
  }),
  route({
    ...common,
    method: 'get',
    path: '/things/:id/parts/*name',
    operationId: 'get-part',
    access: AUTHENTICATED,
    params: Members({ id: Uuid, name: Line(9) }),
    query: Members({ ...paging({ limit: 50, max: 100 }), kind: Type.Optional(Choice('a', 'b')) }),
    response: Envelope(Thing),
  }),
  route({
    ...common,
    method: 'post',
    path: '/things/:id/parts/*name',
    operationId: 'create-part',
    access: withPermission('vault-add', 'vault-manage'),
    status: 201,
    params: Members({ id: Uuid, name: Line(9) }),
    body: Thing,
    response: Members({ id: Uuid }),
  }),
  route({
    ...common,
    method: 'post',
    path: '/token',
    operationId: 'token',
    access: PUBLIC,
    bodyType: 'form',
    body: Members({ grant_type: Line(40) }),
  }),
  route({
    ...common,
    method: 'get',
    path: '/page',
    operationId: 'page',
    access: PUBLIC,
    produces: 'text/html',
  }),
  route({
    ...common,
    method: 'put',
    path: '/bytes',
    operationId: 'put-bytes',
    access: AUTHENTICATED,
    bodyType: 'stream',
    body: ByteStream(1_000),
    produces: 'application/octet-stream',
  }),
];

// What clients read: the text of the document, not its objects.
const document = JSON.parse(JSON.stringify(openApiDocument('things', '1.2.3', routes))) as {
  openapi: string;
  info: unknown;
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, { required: string[] }>; securitySchemes: object };
};
const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
);

describe('the OpenAPI document', () => {
  test('has one operation for each route, under the path in its own notation', () => {
    expect(document.openapi).toBe('3.1.0');
    expect(document.info).toEqual({ title: 'things', version: '1.2.3' });
    expect(operations.map(({ path, method, operation }) => [method, path, operation.operationId])).toEqual([
      ['get', '/thing-store/api/v1/status', 'thing-store-status'],
      ['get', '/things/{id}/parts/{name}', 'get-part'],
      ['post', '/things/{id}/parts/{name}', 'create-part'],
      ['post', '/token', 'token'],
      ['get', '/page', 'page'],
      ['put', '/bytes', 'put-bytes'],
    ]);
  });

  test('states each variable of a path as a required parameter, and nothing else as one', () => {
    for (const { path, operation } of operations) {
      const variables = [...path.matchAll(/\{(\w+)\}/g)].map(match => match[1]);
      const stated = operation.parameters.filter(parameter => parameter.in === 'path');
      expect(stated.map(parameter => parameter.name)).toEqual(variables);
      expect(stated.every(parameter => parameter.required)).toBe(true);
      const names = operation.parameters.map(parameter => `${parameter.in} ${parameter.name}`);
      expect(new Set(names).size).toBe(names.length);
    }
  });

  test('states query parameters with their bounds; what has a default or is optional is not required', () => {
    const query = operations[1]?.operation.parameters.filter(parameter => parameter.in === 'query');
    expect(query).toEqual([
      { name: 'offset', in: 'query', required: false, schema: expect.objectContaining({ minimum: 0 }) },
      {
        name: 'limit',
        in: 'query',
        required: false,
        schema: expect.objectContaining({ maximum: 100, default: 50 }),
      },
      { name: 'kind', in: 'query', required: false, schema: { type: 'string', enum: ['a', 'b'] } },
    ]);
  });

  test('gives bodies and answers the schemas that check them', () => {
    const create = operations[2]?.operation;
    expect(create?.requestBody?.content['application/json']?.schema).toEqual(
      JSON.parse(JSON.stringify(Thing)),
    );
    expect(create?.responses['201']?.content?.['application/json']?.schema).toMatchObject({
      required: ['id'],
    });
    expect(Object.keys(operations[3]?.operation.requestBody?.content ?? {})).toEqual([
      'application/x-www-form-urlencoded',
    ]);
    expect(operations[1]?.operation.requestBody).toBeUndefined();
  });

  test('gives a text its own media type', () => {
    expect(operations[4]?.operation.responses['200']?.content).toEqual({
      'text/html': { schema: { type: 'string' } },
    });
  });

  test('gives bytes no schema but their length', () => {
    const { requestBody, responses } = operations[5]?.operation ?? {};
    expect(requestBody?.content).toEqual({
      'application/octet-stream': { schema: { type: 'string', format: 'binary', maxLength: 1_000 } },
    });
    expect(responses?.['200']?.content).toEqual({
      'application/octet-stream': { schema: { type: 'string', format: 'binary' } },
    });
  });

  test('describes each answer, and failures by the schema that it holds', () => {
    for (const { operation } of operations) {
      for (const response of Object.values(operation.responses)) expect(response.description).not.toBe('');
      const failure = operation.responses['default']?.content?.['application/json']?.schema;
      expect(failure).toEqual({ $ref: '#/components/schemas/Error' });
    }
    expect(document.components.schemas['Error']?.required).toEqual(['error_code', 'error_message']);
  });

  test('says who may call', () => {
    expect(operations.map(({ operation }) => operation.security)).toEqual([
      [],
      [{ bearer: [] }],
      [{ bearer: [] }],
      [],
      [],
      [{ bearer: [] }],
    ]);
    expect(Object.keys(document.components.securitySchemes)).toEqual(['bearer']);
    expect(operations[2]?.operation.description).toContain('vault-add or vault-manage');
  });
});
