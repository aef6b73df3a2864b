import { badRequest } from '@strongroom/errors/common-errors';
import type { TSchema } from '@strongroom/schema/types';

/**
 * Reads what lenient servers take, for dialects whose clients rely on it. Nothing is checked here: what is in no known
 * spelling stays as it is, and the schema refuses it.
 */

/** The parts of a JSON Schema that tell how a value may be spelt. */
interface Spelling {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Spelling>>;
  readonly items?: Spelling;
  readonly enum?: readonly string[];
  readonly anyOf?: readonly Spelling[];
}

/**
 * A value as the schema spells it: members in any case under their own names, booleans as `True` or `1`, numbers as
 * digits, words of an enumeration in any case or by their place in it. Members that the schema does not have are dropped.
 */
export const lenient = (schema: TSchema, value: unknown): unknown => read(schema, value);

function read(schema: Spelling, value: unknown): unknown {
  if (value === null || value === undefined) return value;
  if (schema.anyOf !== undefined) return readUnion(schema.anyOf, value);
  if (schema.enum !== undefined) return readWord(schema.enum, value);
  switch (schema.type) {
    case 'object':
      return schema.properties === undefined ? value : readMembers(schema.properties, value);
    case 'array': {
      const { items } = schema;
      return Array.isArray(value) && items !== undefined ? value.map(item => read(items, item)) : value;
    }
    case 'boolean':
      return readBoolean(value);
    case 'integer':
    case 'number':
      return typeof value === 'string' && /^\s*-?\d{1,15}\s*$/.test(value) ? Number(value) : value;
    case undefined:
    default:
      return value;
  }
}

/** Of what may also be null; other unions are of values that cannot be mistaken for each other. */
function readUnion(variants: readonly Spelling[], value: unknown): unknown {
  const [variant, ...others] = variants.filter(({ type }) => type !== 'null');
  return variant === undefined || others.length > 0 ? value : read(variant, value);
}

function readBoolean(value: unknown): unknown {
  const text = typeof value === 'string' ? value.trim().toLowerCase() : value;
  if (text === 'true' || text === '1' || text === 1) return true;
  if (text === 'false' || text === '0' || text === 0) return false;
  return value;
}

function readWord(words: readonly string[], value: unknown): unknown {
  if (typeof value === 'number') return words[value] ?? value;
  if (typeof value !== 'string') return value;
  const text = value.trim().toLowerCase();
  const byName = words.find(word => word.toLowerCase() === text);
  return byName ?? (/^\d{1,3}$/.test(text) ? words[Number(text)] : undefined) ?? value;
}

function readMembers(properties: Readonly<Record<string, Spelling>>, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const known = spellingsOf(properties);
  const members = new Map<string, unknown>();
  for (const [name, member] of Object.entries(value)) {
    const own = known.get(name.toLowerCase());
    if (own === undefined) continue;
    // Which of the two is meant, two readers could see differently.
    if (members.has(own)) throw badRequest('A member is stated twice, in two spellings');
    members.set(own, read(properties[own] ?? {}, member));
  }
  return Object.fromEntries(members);
}

const spellings = new WeakMap<object, ReadonlyMap<string, string>>();

/** The names of a schema's members, by themselves in lower case. */
function spellingsOf(properties: Readonly<Record<string, unknown>>): ReadonlyMap<string, string> {
  let known = spellings.get(properties);
  if (known === undefined) {
    known = new Map(Object.keys(properties).map(name => [name.toLowerCase(), name]));
    spellings.set(properties, known);
  }
  return known;
}

/**
 * Query parameters in the same way. What is stated without a value is not stated; what is repeated, also as `name[0]`,
 * is a list. `nameOf` tells how a parameter is called by its name in lower case, or throws.
 */
export function lenientQuery(
  schema: TSchema,
  raw: Readonly<Record<string, unknown>>,
  nameOf: (name: string) => string = name => name,
): unknown {
  const { properties = {} } = schema as Spelling;
  const known = spellingsOf(properties);
  const stated = new Map<string, unknown[]>();
  for (const [spelt, value] of Object.entries(raw)) {
    const values = [value].flat().filter(one => one !== '');
    if (values.length === 0) continue;
    const name = nameOf(spelt.toLowerCase());
    const own = known.get(name) ?? known.get(name.replace(/\[\d*\]$/, ''));
    if (own !== undefined) stated.set(own, [...(stated.get(own) ?? []), ...values]);
  }
  return Object.fromEntries(
    [...stated].map(([name, values]) => {
      const spelling = properties[name] ?? {};
      const isList = spelling.type === 'array' || values.length > 1;
      return [name, read(spelling, isList ? values : values[0])];
    }),
  );
}
