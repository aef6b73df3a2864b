import { describe, expect, test } from '@jest/globals';
import ssh2 from 'ssh2';
import type { SchemaField } from '../domain/schema.ts';
import { makeKeyFields } from './make-key-fields.ts';

const field = (name: string, type: SchemaField['type']): SchemaField => ({
  number: 1,
  name,
  title: name,
  type,
});
const files = {
  properties: [
    field('username', 'text'),
    field('password', 'text'),
    field('private-key', 'file'),
    field('private-key-passphrase', 'text'),
    field('public-key', 'file'),
  ],
};
const texts = { properties: ['user', 'private_key', 'public_key', 'passphrase'].map(n => field(n, 'text')) };

/** The public half of a private key, opened by its passphrase. */
function publicHalf(privateKey: string, passphrase?: string): string | undefined {
  const parsed = ssh2.utils.parseKey(privateKey, passphrase);
  if (parsed instanceof Error) return undefined;
  return `${parsed.type} ${parsed.getPublicSSH().toString('base64')} ${parsed.comment}\n`;
}

describe('generated SSH keys', () => {
  test('are files of a pair, and the private one opens with the generated passphrase alone', async () => {
    const { text, files: made } = await makeKeyFields(files, { keys: true, passphrase: true }, 'ann');
    const passphrase = text['private-key-passphrase'];
    expect(Object.keys(text)).toEqual(['private-key-passphrase']);
    expect(passphrase).toMatch(/^[\w-]{43}$/);
    const contents = new Map(made.map(file => [file.field.name, file.content.toString()]));
    expect([...contents.keys()]).toEqual(['private-key', 'public-key']);
    const privateKey = contents.get('private-key') ?? '';
    expect(publicHalf(privateKey)).toBeUndefined();
    expect(publicHalf(privateKey, 'another')).toBeUndefined();
    expect(publicHalf(privateKey, passphrase)).toBe(contents.get('public-key'));
    expect(contents.get('public-key')).toMatch(/^ssh-rsa [A-Za-z0-9+/=]{500,} ann\n$/);
  });

  test('are text where the schema has text for them, open without a passphrase', async () => {
    const { text, files: made } = await makeKeyFields(texts, { keys: true, passphrase: false }, 'ann');
    expect(made).toEqual([]);
    expect(Object.keys(text)).toEqual(['private_key', 'public_key']);
    expect(publicHalf(text['private_key'] ?? '')).toBe(text['public_key']);
  });

  test('differ from pair to pair, and a passphrase can be made without them', async () => {
    const wanted = { keys: false, passphrase: true };
    const [one, other] = await Promise.all([
      makeKeyFields(files, wanted, ''),
      makeKeyFields(files, wanted, ''),
    ]);
    expect(one.files).toEqual([]);
    expect(one.text).not.toEqual(other.text);
  });

  test.each([
    ['keys', { keys: true, passphrase: false }],
    ['a passphrase', { keys: false, passphrase: true }],
  ])('need a schema that has fields for %s', async (_what, wanted) => {
    const schema = { properties: [field('username', 'text'), field('password', 'text')] };
    await expect(makeKeyFields(schema, wanted, '')).rejects.toMatchObject({ kind: 'invalid' });
  });
});
