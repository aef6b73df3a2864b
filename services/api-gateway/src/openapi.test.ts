import { describe, expect, test } from '@jest/globals';
import { mergeDocuments } from './openapi.ts';

const ref = (name: string) => ({ $ref: `#/components/schemas/${name}` });
const document = (path: string, schemas: Record<string, unknown>, uses: string) => ({
  openapi: '3.1.0',
  info: { title: 'one service', version: '9' },
  tags: [{ name: 'shared' }],
  paths: { [path]: { get: { responses: { 200: { schema: ref(uses) } } } } },
  components: { schemas },
});

describe('mergeDocuments', () => {
  const merged = mergeDocuments([
    {
      name: 'auth',
      text: JSON.stringify(document('/a', { Error: { type: 'object' }, Role: { type: 'object' } }, 'Role')),
    },
    {
      name: 'vault',
      text: JSON.stringify(document('/b', { Error: { type: 'object' }, Role: { type: 'string' } }, 'Role')),
    },
  ]);

  test('holds all paths under one title, and each tag once', () => {
    expect(merged.openapi).toBe('3.1.0');
    expect(merged.info.title).toBe('Strongroom');
    expect(merged.info.version).toMatch(/^\d+\.\d+\.\d+/);
    expect(Object.keys(merged.paths)).toEqual(['/a', '/b']);
    expect(merged.tags).toEqual([{ name: 'shared' }]);
  });

  test('joins equal schemas and keeps differing ones apart, references included', () => {
    expect(merged.components['schemas']).toEqual({
      Error: { type: 'object' },
      Role: { type: 'object' },
      'vault.Role': { type: 'string' },
    });
    expect(JSON.stringify(merged.paths['/a'])).toContain('"#/components/schemas/Role"');
    expect(JSON.stringify(merged.paths['/b'])).toContain('"#/components/schemas/vault.Role"');
  });

  test('leaves out what only services ask each other for', () => {
    const text = JSON.stringify({ openapi: '3.1.0', paths: { '/auth/api/v1/revocations': { get: {} } } });
    expect(mergeDocuments([{ name: 'auth', text }]).paths).toEqual({});
  });

  test('takes services that describe nothing yet', () => {
    expect(mergeDocuments([{ name: 'auth', text: '{"openapi":"3.1.0"}' }]).paths).toEqual({});
  });
});
