import type { IncomingHttpHeaders } from 'node:http';
import type { Caller, RequestInfo } from '@strongroom/contracts/caller';
import type { Permission } from '@strongroom/contracts/permissions';
import { type Static, type TSchema } from '@strongroom/schema/types';
import type { Dialect } from './dialect.ts';

/**
 * A route says everything about itself in one object: the same schemas check requests and make the OpenAPI
 * document, and `access` is required, so a route without a stated permission does not compile.
 */
export type Access =
  /** Answers without a token. The list of these routes is fixed by a test. */
  | { kind: 'public' }
  /** A bearer token that the handler verifies itself, since it is of another kind than everywhere else. */
  | { kind: 'own-check' }
  /** Any valid token; the operation decides on the object itself (e.g. by a secret's roles). */
  | { kind: 'authenticated' }
  /** A token with at least one of these permissions. */
  | { kind: 'permission'; anyOf: readonly Permission[] };

export const PUBLIC = { kind: 'public' } as const;
export const OWN_CHECK = { kind: 'own-check' } as const;
export const AUTHENTICATED = { kind: 'authenticated' } as const;
export const withPermission = (...anyOf: [Permission, ...Permission[]]): Access => ({
  kind: 'permission',
  anyOf,
});

export type BodyType = 'json' | 'form' | 'stream';
export type Method = 'get' | 'post' | 'put' | 'patch' | 'delete';

export interface Reply {
  /** Another status than the route's, e.g. 307 for a redirect; 304 goes out without a body. */
  readonly status?: number;
  readonly body?: unknown;
  /** Text instead of a JSON body: a page, a style sheet, a script. */
  readonly page?: { readonly type: string; readonly text: string };
  /**
   * Text or bytes that are made while they are sent, at the client's pace, and left when the client goes away. What
   * fails before the first piece is answered as any error; later, the connection is cut, so that half an answer never
   * looks whole.
   */
  readonly stream?: { readonly type: string; readonly pieces: AsyncIterable<string | Uint8Array> };
  readonly headers?: Readonly<Record<string, string>>;
}

/** Shared parts of the description; `path` is Express's, e.g. `/vault/api/v1/secrets/*name`. */
interface RouteDescription {
  readonly method: Method;
  readonly path: string;
  readonly operationId: string;
  readonly tag: string;
  readonly summary: string;
  readonly access: Access;
  /** Whose API the route is of. Absent: PrivX's and our own, read and answered as the schemas say. */
  readonly dialect?: Dialect;
  /** 200 unless stated: PrivX's Python SDK takes 201 for creates and exactly 200 for all else (contract 0.2). */
  readonly status?: 200 | 201 | 204;
  /** What is told of a `stream`, by media type; absent: that it is any bytes. */
  readonly consumes?: Readonly<Record<string, TSchema>>;
  /** Shape of the answer's body; absent means an empty body. */
  readonly response?: TSchema;
  /** Media type of an answer that is not JSON, e.g. a page's; of any bytes: application/octet-stream. */
  readonly produces?: string;
}

export interface RouteInput<P, Q, B, H> {
  readonly params: P;
  readonly query: Q;
  readonly body: B;
  readonly headers: H;
  readonly caller: Caller;
  readonly request: RequestInfo;
  /** The raw Authorization header: for the token endpoint, and to ask another service with the rights of the caller. */
  readonly authorization: string | undefined;
  /** All headers as they came: for what is wrapped around the routes of a dialect. */
  readonly sent: IncomingHttpHeaders;
}

export interface RouteDefinition<
  P extends TSchema,
  Q extends TSchema,
  B extends TSchema,
  H extends TSchema,
> extends RouteDescription {
  readonly params?: P;
  readonly query?: Q;
  readonly body?: B;
  /** Request headers that the handler reads, by their names in lower case. */
  readonly headers?: H;
  /**
   * `form`: application/x-www-form-urlencoded, as OAuth 2.0 wants it (RFC 6749, appendix B); in a dialect, JSON where
   * it is an object. `stream`: bytes of any
   * type, handed over while they arrive; `body` is then a ByteStream.
   */
  readonly bodyType?: BodyType;
  handle: (input: RouteInput<Static<P>, Static<Q>, Static<B>, Static<H>>) => Promise<Reply> | Reply;
}

/** A route whose own types are forgotten, so that routes of every shape fit one list. */
export interface Route extends RouteDescription {
  readonly params?: TSchema;
  readonly query?: TSchema;
  readonly body?: TSchema;
  readonly headers?: TSchema;
  readonly bodyType?: BodyType;
  handle: (input: RouteInput<unknown, unknown, unknown, unknown>) => Promise<Reply> | Reply;
}

/** Ties the handler's types to the schemas. The cast is sound: the mounted route parses by those very schemas. */
export function route<
  P extends TSchema = TSchema,
  Q extends TSchema = TSchema,
  B extends TSchema = TSchema,
  H extends TSchema = TSchema,
>(definition: RouteDefinition<P, Q, B, H>): Route {
  return definition as unknown as Route;
}

export const ok = (body?: unknown): Reply => ({ body });

/** RFC 9110, 15.4.8. PrivX's clients want exactly this status from the authorization endpoint (contract 1.3). */
export const redirect = (location: string): Reply => ({ status: 307, headers: { location } });

/** 201 with a Location header that names the new object. */
export const created = (body: unknown, location: string): Reply => ({ body, headers: { location } });
