import type { IncomingHttpHeaders } from 'node:http';
import type { AppError } from '@strongroom/errors/app-error';
import type { TSchema } from '@strongroom/schema/types';

/**
 * The ways of another product's API, for the clients that were written for it (docs/adr/0035-dialects.md): how its
 * requests are read before the schemas check them, and how its errors are written.
 */
export interface Dialect {
  /** What all its paths begin with. Whatever fails below it is answered in its shape, also what nobody serves. */
  readonly prefix: string;
  /** Query parameters under the names and in the spellings that the schema has. */
  readonly readQuery: (schema: TSchema, raw: Readonly<Record<string, unknown>>) => unknown;
  /** The same for a body, a form's or JSON's. */
  readonly readBody: (schema: TSchema, raw: unknown) => unknown;
  /** What a request proves its caller by, as an Authorization header says it. Absent: that header. */
  readonly readCredentials?: (headers: IncomingHttpHeaders) => string | undefined;
  readonly writeError: (error: AppError) => { readonly status: number; readonly body: unknown };
  /** The shape of `writeError`'s bodies. */
  readonly ErrorBody: TSchema;
}

/** The dialects that some of the routes are of. */
export const dialectsOf = (routes: readonly { readonly dialect?: Dialect }[]): readonly Dialect[] => [
  ...new Set(routes.flatMap(({ dialect }) => (dialect === undefined ? [] : [dialect]))),
];

export const dialectAt = (dialects: readonly Dialect[], path: string): Dialect | undefined =>
  dialects.find(({ prefix }) => path === prefix || path.startsWith(`${prefix}/`));
