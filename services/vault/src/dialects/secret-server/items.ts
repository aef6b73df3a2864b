import { invalidField } from '@strongroom/errors/common-errors';
import { Members, OrNull, Text, Type, type Static } from '@strongroom/schema/types';
import { withoutField } from '../../domain/file.ts';
import type { Schema } from '../../domain/schema.ts';
import type { Secret, SecretData } from '../../domain/secret.ts';
import { fieldsOf, FILE_PLACEHOLDER, fileIn, textOf, type Field } from './fields.ts';

const MAX_VALUE_LENGTH = 1_048_576;
const MAX_NAME_LENGTH = 512;

/** What counts of an item that is sent (contract 5.3): which field, and the value. */
export const ItemInput = Members({
  fieldId: OrNull(Type.Integer()),
  slug: OrNull(Text(MAX_NAME_LENGTH)),
  fieldName: OrNull(Text(MAX_NAME_LENGTH)),
  /** Of a file that is generated. */
  filename: OrNull(Text(MAX_NAME_LENGTH)),
  // Any characters: what a secret holds is not ours to judge.
  itemValue: OrNull(Type.String({ maxLength: MAX_VALUE_LENGTH })),
});
export type StatedItem = Static<typeof ItemInput>;

export const ItemList = Type.Array(ItemInput, { maxItems: 1_000 });

const isStated = (text: string | null | undefined): text is string =>
  text !== undefined && text !== null && text !== '';

/** By its slug or its title, in any case where none is written so. */
export function fieldNamed(fields: readonly Field[], name: string): Field | undefined {
  const wanted = name.toLowerCase();
  return (
    fields.find(({ slug }) => slug === name) ??
    fields.find(({ slug }) => slug.toLowerCase() === wanted) ??
    fields.find(({ title }) => title.toLowerCase() === wanted)
  );
}

function fieldOf(fields: readonly Field[], item: StatedItem): Field | undefined {
  if (item.fieldId !== undefined && item.fieldId !== null && item.fieldId !== 0) {
    return fields.find(({ fieldId }) => fieldId === item.fieldId);
  }
  if (isStated(item.slug)) return fieldNamed(fields, item.slug);
  return isStated(item.fieldName) ? fieldNamed(fields, item.fieldName) : undefined;
}

/**
 * Content after these items. What is not listed, or listed without a value, stays; so does what is listed as it was
 * shown, to the last bit. The same object comes back when nothing changes.
 */
export function withItems(
  data: SecretData,
  secret: Pick<Secret, 'number'>,
  schema: Schema | undefined,
  items: readonly StatedItem[],
): SecretData {
  const fields = fieldsOf(secret, schema, data);
  let result = data;
  items.forEach((item, index) => {
    const field = fieldOf(fields, item);
    if (field === undefined) throw invalidField(`items.${index}`, 'The secret has no such field');
    if (item.itemValue !== undefined)
      result = withValue(result, field, item.itemValue ?? '', `items.${index}.itemValue`);
  });
  return result;
}

/** Content with that text in the field; an empty one clears it. */
export function withValue(data: SecretData, field: Field, text: string, property: string): SecretData {
  const { slug } = field;
  if (fileIn(data, slug) !== undefined) {
    if (text === FILE_PLACEHOLDER) return data;
    if (text === '') return withoutField(data, slug);
  }
  const value = Object.hasOwn(data, slug) ? data[slug] : undefined;
  if (text === textOf(value)) return data;
  if (field.isFile) {
    if (text === FILE_PLACEHOLDER) return data;
    throw invalidField(property, 'The field is for a file, which is sent by itself');
  }
  return { ...data, [slug]: valueOf(text, value) };
}

/** What was no text stays of its kind, where the text is one of that kind. */
function valueOf(text: string, before: unknown): unknown {
  if (before === undefined || before === null || typeof before === 'string') return text;
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === typeof before && value !== null && Array.isArray(value) === Array.isArray(before))
      return value;
  } catch {
    // It is no JSON, and so a text from now on.
  }
  return text;
}
