import type { Schema, SchemaField } from './schema.ts';

/** Where a schema has SSH keys, by the names of its fields: `private-key` as much as `private_key`. */
export interface KeyFields {
  readonly privateKey: SchemaField | undefined;
  readonly publicKey: SchemaField | undefined;
  /** Of the private key. */
  readonly passphrase: SchemaField | undefined;
}

const words = (field: SchemaField): string => field.name.toLowerCase().replaceAll(/[^a-z]+/g, ' ');

export function keyFieldsOf({ properties }: Pick<Schema, 'properties'>): KeyFields {
  const find = (pattern: RegExp) => properties.find(field => pattern.test(words(field)));
  return {
    privateKey: find(/^(ssh )?private key$/),
    publicKey: find(/^(ssh )?public key$/),
    passphrase: find(/^((ssh )?private key )?passphrase$/),
  };
}
