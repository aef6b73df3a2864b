import Type, { type Static, type TSchema } from 'typebox';

export { Type };
export type { Static, TSchema };

/** Types that recur in requests. Every text is bounded; `format` refuses NUL, controls and lone surrogates. */

export const Uuid = Type.String({ format: 'uuid' });

/** One line of text, such as a name. */
export const Line = (maxLength: number, minLength = 0) =>
  Type.String({ format: 'line', minLength, maxLength });

/** What people call something: one line that is not blank. */
export const Name = (maxLength: number) =>
  Type.String({ format: 'line', minLength: 1, maxLength, pattern: '\\S' });

/** Text with line breaks, such as a comment or a script. */
export const Text = (maxLength: number) => Type.String({ format: 'text', maxLength });

export const Timestamp = Type.String({ format: 'date-time', maxLength: 40 });

/** One of these words. */
export const Choice = <const T extends string>(...words: T[]) =>
  Type.Unsafe<T>({ type: 'string', enum: words });

/** Any JSON object; its members are the caller's own. */
export const FreeObject = Type.Unsafe<Record<string, unknown>>({ type: 'object' });

/** Go clients send `null` for what is unset; it reads the same as an absent member. */
export const OrNull = <T extends TSchema>(type: T) => Type.Optional(Type.Union([type, Type.Null()]));

/** An object of exactly these members: others are dropped on input, since clients echo read-only fields. */
export const Members = <T extends Record<string, TSchema>>(
  members: T,
  options: { description?: string } = {},
) => Type.Object(members, { ...options, additionalProperties: false });

/** The list envelope (contract 0.3). */
export const Envelope = <T extends TSchema>(item: T) =>
  Members({ count: Type.Integer({ minimum: 0 }), items: Type.Array(item) });
