import { Line, OrNull, Type, Uuid, type TSchema } from '@strongroom/schema/types';

/** Members of hosts. Go's SDK sends `null`, empty texts, zeros and false for what is unset. */

export const Flag = OrNull(Type.Boolean());
export const Word = OrNull(Line(64));
export const Label = OrNull(Line(1_024));
export const Port = OrNull(Type.Integer({ minimum: 0, maximum: 65_535 }));
export const Count = OrNull(Type.Integer({ minimum: 0, maximum: 2_147_483_647 }));
/** JSON's numbers are exact up to here. */
export const ByteCount = OrNull(Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }));
export const List = <T extends TSchema>(item: T, maxItems: number) => OrNull(Type.Array(item, { maxItems }));
/** An id, or empty text for none. */
export const OptionalId = OrNull(Type.Union([Uuid, Type.Literal('')]));

type WithoutNulls<T> = T extends readonly (infer E)[]
  ? WithoutNulls<E>[]
  : T extends object
    ? { [K in keyof T]: WithoutNulls<Exclude<T[K], null>> }
    : T;

/** The same value without members that are null, at every depth: they read like absent ones. */
export function withoutNulls<T>(value: T): WithoutNulls<T> {
  return strip(value) as WithoutNulls<T>;
}

function strip(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(strip);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, member]) => (member === null ? [] : [[name, strip(member)]])),
  );
}
