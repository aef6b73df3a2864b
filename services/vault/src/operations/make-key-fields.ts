import { randomToken } from '@strongroom/crypto/random';
import { noKeyFields } from '../domain/errors.ts';
import { keyFieldsOf } from '../domain/key-fields.ts';
import type { Schema, SchemaField } from '../domain/schema.ts';
import { makeKeyPair } from './make-key-pair.ts';

/** What is to be generated for a new secret (contract 5.3). */
export interface KeyRequest {
  readonly keys: boolean;
  readonly passphrase: boolean;
}

/** What was generated, by fields: text that belongs into the content, and files that are stored beside it. */
export interface GeneratedFields {
  readonly text: Readonly<Record<string, string>>;
  readonly files: readonly { readonly field: SchemaField; readonly content: Buffer }[];
}

/** Makes an SSH key pair, a passphrase for it, or both, for the fields that the schema has for them. */
export async function makeKeyFields(
  schema: Pick<Schema, 'properties'>,
  wanted: KeyRequest,
  comment: string,
): Promise<GeneratedFields> {
  const fields = keyFieldsOf(schema);
  const isMissing =
    (wanted.keys && fields.privateKey === undefined) ||
    (wanted.passphrase && fields.passphrase?.type !== 'text');
  if (isMissing) throw noKeyFields();
  const passphrase = wanted.passphrase ? randomToken() : undefined;
  const pair = wanted.keys ? await makeKeyPair(comment, passphrase) : undefined;
  const made: [SchemaField | undefined, string | undefined][] = [
    [fields.passphrase, passphrase],
    [fields.privateKey, pair?.privateKey],
    [fields.publicKey, pair?.publicKey],
  ];
  const text: Record<string, string> = {};
  const files: { field: SchemaField; content: Buffer }[] = [];
  for (const [field, value] of made) {
    if (field === undefined || value === undefined) continue;
    if (field.type === 'text') text[field.name] = value;
    else files.push({ field, content: Buffer.from(value) });
  }
  return { text, files };
}
