import type { ErrorDetail } from '@strongroom/errors/app-error';
import { invalidField, invalidFields } from '@strongroom/errors/common-errors';
import type { SecretData } from './secret.ts';

/** One field of a secret, and how it is shown. */
export interface SchemaField {
  /** For dialects that know their objects by integers: from 1 on, within the schema. */
  readonly number: number;
  readonly name: string;
  readonly title: string;
  readonly type: 'text' | 'file';
  /** Shown only on demand. */
  readonly masked?: boolean;
  readonly wide?: boolean;
  readonly multiline?: boolean;
  readonly required?: boolean;
}

/** A field as a client states it. */
export type StatedField = Omit<SchemaField, 'number'>;

/** A template that secrets follow (contract 2.5). */
export interface Schema {
  readonly id: string;
  readonly number: number;
  readonly name: string;
  readonly title: string;
  readonly properties: readonly SchemaField[];
  /** The highest number that a field of it has or had. */
  readonly highestField: number;
  /** Whether a secret may have fields beyond these. */
  readonly open: boolean;
  readonly builtIn: boolean;
  /** Counts every change. */
  readonly revision: number;
}

export const MAX_SCHEMA_FIELDS = 64;
/** Of all that a schema has and had. */
export const MAX_FIELD_NUMBER = 255;

/** A field keeps its number for as long as its name stands; a new one gets a number that none had before it. */
export function numberFields(
  stated: readonly StatedField[],
  { properties, highestField }: Pick<Schema, 'properties' | 'highestField'> = {
    properties: [],
    highestField: 0,
  },
): Pick<Schema, 'properties' | 'highestField'> {
  requireDistinctFields(stated);
  const numbers = new Map(properties.map(({ name, number }) => [name, number]));
  let highest = highestField;
  const numbered = stated.map(field => ({
    number: numbers.get(field.name) ?? (highest += 1),
    ...field,
  }));
  if (highest > MAX_FIELD_NUMBER) {
    throw invalidField(
      'properties',
      `A schema has had at most ${MAX_FIELD_NUMBER} fields; make another schema`,
      'VALUE_OUT_OF_BOUNDS',
    );
  }
  return { properties: numbered, highestField: highest };
}

/** What is shown only on demand, unless it is a file: fields for which a password can be made. */
export const isPasswordField = (field: Pick<SchemaField, 'type' | 'masked'>): boolean =>
  field.type === 'text' && field.masked === true;

/** A field is known by its name. */
function requireDistinctFields(properties: readonly StatedField[]): void {
  const names = properties.map(field => field.name);
  const again = names.findIndex((name, index) => names.indexOf(name) !== index);
  if (again !== -1) {
    throw invalidField(`properties.${again}.name`, 'Another field has this name', 'VALUE_DUPLICATE');
  }
}

/** Checks content against its schema. What is wrong names the field and never its value. */
export function requireSchema(schema: Pick<Schema, 'properties' | 'open'>, data: SecretData): void {
  const faults: ErrorDetail[] = [];
  const fields = new Map(schema.properties.map(field => [field.name, field]));
  for (const field of fields.values()) {
    const value = Object.hasOwn(data, field.name) ? data[field.name] : undefined;
    const property = `data.${field.name}`;
    if (value === undefined || value === null || value === '') {
      if (field.required === true)
        faults.push({ code: 'REQUIRED_VALUE_MISSING', message: 'The schema requires this field', property });
    } else if (field.type === 'text' && typeof value !== 'string') {
      faults.push({ code: 'VALUE_INCORRECT_TYPE', message: 'The schema wants text in this field', property });
    } else if (field.type === 'file' && typeof value !== 'object') {
      faults.push({
        code: 'VALUE_INCORRECT_TYPE',
        message: 'The schema wants a file in this field',
        property,
      });
    }
  }
  if (!schema.open && Object.keys(data).some(name => !fields.has(name))) {
    // Which one is not told: its name is the caller's own text.
    faults.push({ code: 'INVALID_REQUEST_DATA', message: 'The schema has no such field', property: 'data' });
  }
  const [first, ...others] = faults;
  if (first !== undefined) throw invalidFields([first, ...others]);
}
