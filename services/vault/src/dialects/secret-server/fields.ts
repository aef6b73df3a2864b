import { createHash } from 'node:crypto';
import { fileIdsIn, type FileDescription } from '../../domain/file.ts';
import { MAX_FIELD_NUMBER, type Schema } from '../../domain/schema.ts';
import type { Secret, SecretData } from '../../domain/secret.ts';

/** A secret's field as the dialect knows it: one of its schema's, or one that its content has beyond these. */
export interface Field {
  /** Among all fields of all schemas. */
  readonly fieldId: number;
  /** The place among the fields of all secrets. */
  readonly itemId: number;
  /** Its name in the content. */
  readonly slug: string;
  readonly title: string;
  readonly isFile: boolean;
  readonly isNotes: boolean;
  readonly isPassword: boolean;
}

/*
 * Numbers (docs/adr/0035-dialects.md): a field's own in its schema, which it keeps, below the number of the schema or of
 * the secret. Some clients hold them in 32 bits: there is room for 4 million schemas, and for 8 million secrets.
 */
const PER_OBJECT = MAX_FIELD_NUMBER + 1;

export const fieldIdOf = (schemaNumber: number, fieldNumber: number): number =>
  schemaNumber * PER_OBJECT + fieldNumber;

/** Schema and field of a `fieldIdOf`. */
export const fieldOfId = (fieldId: number): { schemaNumber: number; fieldNumber: number } => ({
  schemaNumber: Math.floor(fieldId / PER_OBJECT),
  fieldNumber: fieldId % PER_OBJECT,
});

/** From here on: fields that no schema has. */
const FIRST_FREE = 2 ** 30;

/** The fields of a secret: those of its schema in their order, then what else its content has. */
export function fieldsOf(
  secret: Pick<Secret, 'number'>,
  schema: Pick<Schema, 'number' | 'properties'> | undefined,
  data: SecretData,
): Field[] {
  const files = fileIdsIn(data);
  const ofSchema = (schema?.properties ?? []).map((field): Field => ({
    fieldId: fieldIdOf(schema?.number ?? 0, field.number),
    itemId: secret.number * PER_OBJECT + field.number,
    slug: field.name,
    title: field.title,
    isFile: field.type === 'file' || files.has(field.name),
    isNotes: field.multiline === true && field.masked !== true,
    isPassword: field.masked === true,
  }));
  const known = new Set(ofSchema.map(({ slug }) => slug));
  const free = Object.keys(data).filter(name => !known.has(name));
  const numbers = freeNumbers(free);
  return [
    ...ofSchema,
    ...free.map((name): Field => {
      const fieldId = numbers.get(name) ?? FIRST_FREE;
      // Below zero, where no item of a schema's field is.
      const itemId = -fieldId;
      const isFile = files.has(name);
      return { fieldId, itemId, slug: name, title: name, isFile, isNotes: false, isPassword: false };
    }),
  ];
}

/** By the name alone, so that it is the same tomorrow and in every secret. Those that meet make way in a fixed order. */
function freeNumbers(names: readonly string[]): ReadonlyMap<string, number> {
  const numbers = new Map<string, number>();
  const taken = new Set<number>();
  for (const name of [...names].sort()) {
    let number = createHash('sha256').update(name).digest().readUInt32BE() % FIRST_FREE;
    while (taken.has(number)) number = (number + 1) % FIRST_FREE;
    taken.add(number);
    numbers.set(name, FIRST_FREE + number);
  }
  return numbers;
}

/** What stands in place of a file's content: clients know the text, and it is never stored. */
export const FILE_PLACEHOLDER = '*** Not Valid For Display ***';

export const fileIn = (data: SecretData, slug: string): FileDescription | undefined =>
  fileIdsIn(data).has(slug) ? (data[slug] as { file: FileDescription }).file : undefined;

/** Content as text: what is no text already, as JSON. */
export function textOf(value: unknown): string {
  if (value === undefined || value === null) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
