import { created, ok, route, withPermission, type Route } from '@strongroom/http/route';
import { paging } from '@strongroom/http/paging';
import {
  Choice,
  Envelope,
  Line,
  Members,
  Name,
  OrNull,
  Timestamp,
  Type,
  Uuid,
  type Static,
} from '@strongroom/schema/types';
import type { AuthContext } from '../context.ts';
import type { ApiKey } from '../domain/api-key.ts';
import { apiKeyEnded } from '../domain/errors.ts';
import { parseTime } from '../domain/wire-time.ts';
import {
  createApiKey,
  listApiKeys,
  readApiKey,
  revokeApiKey,
  rotateApiKey,
  type ApiKeyInput,
} from '../operations/api-keys.ts';

const PREFIX = '/auth/api/v1/api-keys';
const MANAGE = withPermission('api-clients-manage');
const ById = Members({ id: Uuid });
const NO_STORE = { 'cache-control': 'no-store' };

const Body = Members({
  name: Name(256),
  subject_id: Uuid,
  networks: OrNull(Type.Array(Line(64, 1), { maxItems: 100 })),
  expires_at: OrNull(Line(40)),
});

const View = Members({
  id: Uuid,
  name: Type.String(),
  subject_id: Uuid,
  subject_kind: Choice('user', 'api-client'),
  subject_name: Type.String({ description: 'What clients send as `runas`' }),
  networks: Type.Array(Type.String(), { description: 'None: from anywhere' }),
  expires_at: Type.Union([Timestamp, Type.Null()]),
  created: Timestamp,
  author: Type.String(),
  updated: Timestamp,
  updated_by: Type.String(),
});

const Key = Type.String({ description: '128 hexadecimal characters; shown this once' });

const view = (key: ApiKey): Static<typeof View> => ({
  id: key.id,
  name: key.name,
  subject_id: key.subject.id,
  subject_kind: key.subject.kind,
  subject_name: key.subject.name,
  networks: [...key.networks],
  expires_at: key.expiresAt?.toISOString() ?? null,
  created: key.createdAt.toISOString(),
  author: key.createdBy,
  updated: key.updatedAt.toISOString(),
  updated_by: key.updatedBy,
});

function toInput(body: Static<typeof Body>): ApiKeyInput {
  const expiresAt = parseTime(body.expires_at);
  if (expiresAt === undefined) throw apiKeyEnded();
  return {
    name: body.name,
    subjectId: body.subject_id.toLowerCase(),
    networks: body.networks ?? [],
    expiresAt,
  };
}

/** Keys by which clients of Secrets Safe sign in (docs/adr/0039-secrets-safe-sign-in.md). */
export const apiKeyRoutes = (ctx: AuthContext): Route[] => [
  route({
    method: 'get',
    path: PREFIX,
    operationId: 'listApiKeys',
    tag: 'api-keys',
    summary: 'List API keys; the keys themselves are not kept',
    access: MANAGE,
    query: Members(paging({ limit: 50, max: 1_000 })),
    response: Envelope(View),
    handle: async ({ query }) => {
      const { count, keys } = await listApiKeys(ctx, query);
      return ok({ count, items: keys.map(view) });
    },
  }),
  route({
    method: 'post',
    path: PREFIX,
    operationId: 'createApiKey',
    tag: 'api-keys',
    summary: 'Make a key by which an application account or an API client signs in; it is shown this once',
    access: MANAGE,
    status: 201,
    body: Body,
    response: Members({ id: Uuid, key: Key }),
    handle: async ({ body, caller, request }) => {
      const made = await createApiKey(ctx, { caller, request }, toInput(body));
      const reply = created(made, `${PREFIX}/${made.id}`);
      return { ...reply, headers: { ...reply.headers, ...NO_STORE } };
    },
  }),
  route({
    method: 'get',
    path: `${PREFIX}/:id`,
    operationId: 'getApiKey',
    tag: 'api-keys',
    summary: 'Read what is known of an API key',
    access: MANAGE,
    params: ById,
    response: View,
    handle: async ({ params }) => ok(view(await readApiKey(ctx, params.id))),
  }),
  route({
    method: 'post',
    path: `${PREFIX}/:id/rotate`,
    operationId: 'rotateApiKey',
    tag: 'api-keys',
    summary: 'Replace a key; the one before and its sessions end. The new one is shown this once',
    access: MANAGE,
    params: ById,
    response: Members({ key: Key }),
    handle: async ({ params, caller, request }) => ({
      body: { key: await rotateApiKey(ctx, { caller, request }, params.id) },
      headers: NO_STORE,
    }),
  }),
  route({
    method: 'delete',
    path: `${PREFIX}/:id`,
    operationId: 'revokeApiKey',
    tag: 'api-keys',
    summary: 'Revoke a key; its sessions end',
    access: MANAGE,
    params: ById,
    handle: async ({ params, caller, request }) => {
      await revokeApiKey(ctx, { caller, request }, params.id);
      return ok();
    },
  }),
];
