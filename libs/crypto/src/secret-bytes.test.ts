import { format, inspect } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { SecretBytes } from './secret-bytes.ts';

describe('SecretBytes', () => {
  const secret = new SecretBytes(Buffer.from('CANARY'));
  /** The bytes in every form in which something might print them. */
  const forms = ['CANARY', '43414e415259', 'Q0FOQVJZ', '67,65,78', '43 41 4e', '[67', '"0":67'];

  test.each([
    ['a text', String(secret)],
    ['a list', [secret, secret].join()],
    ['inspect', inspect(secret, { showHidden: true, depth: null, getters: true })],
    ['inspect, nested', inspect({ keys: new Map([[1, [secret]]]) }, { showHidden: true, depth: null })],
    ['a format', format('%s %o %O %j', secret, secret, secret, secret)],
    ['JSON', JSON.stringify(secret)],
    ['JSON, nested', JSON.stringify({ keys: [{ secret }] })],
    ['a copy of its members', inspect(Object.assign({}, secret))],
    ['an error', inspect(new Error('failed', { cause: { secret } }))],
    ['a clone', inspect(structuredClone({ secret }), { depth: null })],
  ])('prints as redacted in %s', (_where, printed) => {
    for (const form of forms) expect(printed).not.toContain(form);
  });

  test('keeps its bytes when the source is wiped', () => {
    const source = Buffer.from('CANARY');
    const copy = new SecretBytes(source);
    source.fill(0);
    expect(copy.reveal().toString()).toBe('CANARY');
    expect(copy.length).toBe(6);
  });
});
