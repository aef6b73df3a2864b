import type { Caller } from '@strongroom/contracts/caller';
import { AUTHENTICATED, created, ok, route, withPermission, type Route } from '@strongroom/http/route';
import { Envelope, Line, Members, Text, Type, Uuid } from '@strongroom/schema/types';
import { canonicalName } from '@strongroom/schema/text';
import type { AuthContext } from '../context.ts';
import { authorizedKeyNotFound, userNotFound } from '../domain/errors.ts';
import { parsePublicKey } from '../domain/ssh-key.ts';
import { addAuthorizedKey, deleteAuthorizedKey, updateAuthorizedKey } from '../operations/authorized-keys.ts';
import { findAuthorizedKey, findUsableKey, listAuthorizedKeys } from '../store/authorized-keys.ts';
import { findUser } from '../store/users.ts';
import {
  AuthorizedKeyBody,
  AuthorizedKeyResponse,
  authorizedKeyView,
  keyPage,
  KeyPaging,
} from './authorized-key-view.ts';
import { currentUserId, ownOr } from './own-or.ts';
import { USERS } from './users.ts';

const ALL = '/role-store/api/v1/authorizedkeys';
const Page = Envelope(AuthorizedKeyResponse);
const MANAGE = withPermission('users-manage', 'authorized-keys-manage');

/** Public keys by which people sign in to hosts (contract 4.2). */
export const authorizedKeyRoutes = (ctx: AuthContext): Route[] => [
  ...keysOf(ctx, {
    path: `${USERS}/current/authorizedkeys`,
    operation: 'CurrentUser',
    whose: 'of the person who calls',
    ownerOf: (_id, caller) => currentUserId(caller),
  }),
  ...keysOf(ctx, {
    path: `${USERS}/:id/authorizedkeys`,
    operation: 'User',
    whose: 'of a person',
    ownerOf: (id, caller) => ownOr(caller, id, 'users-manage', 'authorized-keys-manage'),
  }),
  route({
    method: 'get',
    path: ALL,
    operationId: 'listAuthorizedKeys',
    tag: 'authorized-keys',
    summary: 'List the authorized keys of everybody',
    access: MANAGE,
    query: KeyPaging,
    response: Page,
    handle: async ({ query }) => {
      const { count, keys } = await listAuthorizedKeys(ctx.db, null, keyPage(query));
      return ok({ count, items: keys.map(authorizedKeyView) });
    },
  }),
  route({
    method: 'post',
    path: `${ALL}/resolve`,
    operationId: 'resolveAuthorizedKey',
    tag: 'authorized-keys',
    summary: 'The key of a person that holds now; its source addresses are for the asker to check',
    access: MANAGE,
    body: Members({ username: Line(256), public_key: Text(16_384) }),
    response: AuthorizedKeyResponse,
    handle: async ({ body }) => {
      const digest = parsePublicKey(body.public_key)?.digest;
      const key = digest && (await findUsableKey(ctx.db, canonicalName(body.username), digest, ctx.now()));
      if (key === undefined) throw authorizedKeyNotFound();
      return ok(authorizedKeyView(key));
    },
  }),
];

interface Owner {
  readonly path: string;
  readonly operation: string;
  readonly whose: string;
  /** Refuses a caller who may not deal with these keys. `id` is that of the path, where it has one. */
  readonly ownerOf: (id: string, caller: Caller) => string;
}

/** The same five routes for whoever calls and for anybody by id. */
function keysOf(ctx: AuthContext, { path, operation, whose, ownerOf }: Owner): Route[] {
  const Params = Members({ id: Type.Optional(Uuid) });
  const KeyParams = Members({ id: Type.Optional(Uuid), key_id: Uuid });
  const shared = { tag: 'authorized-keys', access: AUTHENTICATED };
  return [
    route({
      ...shared,
      method: 'get',
      path,
      operationId: `list${operation}AuthorizedKeys`,
      summary: `List the authorized keys ${whose}`,
      params: Params,
      query: KeyPaging,
      response: Page,
      handle: async ({ params, query, caller }) => {
        const userId = ownerOf(params.id ?? '', caller);
        if ((await findUser(ctx.db, userId)) === undefined) throw userNotFound();
        const { count, keys } = await listAuthorizedKeys(ctx.db, userId, keyPage(query));
        return ok({ count, items: keys.map(authorizedKeyView) });
      },
    }),
    route({
      ...shared,
      method: 'post',
      path,
      operationId: `create${operation}AuthorizedKey`,
      summary: `Add an authorized key ${whose}`,
      status: 201,
      params: Params,
      body: AuthorizedKeyBody,
      response: Members({ id: Uuid }),
      handle: async ({ params, body, caller, request }) => {
        const userId = ownerOf(params.id ?? '', caller);
        const id = await addAuthorizedKey(ctx, caller, request, userId, body);
        return created({ id }, `${path.replace(':id', userId)}/${id}`);
      },
    }),
    route({
      ...shared,
      method: 'get',
      path: `${path}/:key_id`,
      operationId: `get${operation}AuthorizedKey`,
      summary: `Read an authorized key ${whose}`,
      params: KeyParams,
      response: AuthorizedKeyResponse,
      handle: async ({ params, caller }) => {
        const key = await findAuthorizedKey(ctx.db, ownerOf(params.id ?? '', caller), params.key_id);
        if (key === undefined) throw authorizedKeyNotFound();
        return ok(authorizedKeyView(key));
      },
    }),
    route({
      ...shared,
      method: 'put',
      path: `${path}/:key_id`,
      operationId: `update${operation}AuthorizedKey`,
      summary: `Replace an authorized key ${whose}`,
      params: KeyParams,
      body: AuthorizedKeyBody,
      handle: async ({ params, body, caller, request }) => {
        const userId = ownerOf(params.id ?? '', caller);
        await updateAuthorizedKey(ctx, caller, request, userId, params.key_id.toLowerCase(), body);
        return ok();
      },
    }),
    route({
      ...shared,
      method: 'delete',
      path: `${path}/:key_id`,
      operationId: `delete${operation}AuthorizedKey`,
      summary: `Delete an authorized key ${whose}`,
      params: KeyParams,
      handle: async ({ params, caller, request }) => {
        const userId = ownerOf(params.id ?? '', caller);
        await deleteAuthorizedKey(ctx, caller, request, userId, params.key_id.toLowerCase());
        return ok();
      },
    }),
  ];
}
