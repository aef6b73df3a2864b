import { paging } from '@strongroom/http/paging';
import { created, ok, route, withPermission, type Route } from '@strongroom/http/route';
import {
  Envelope,
  FreeObject,
  Line,
  Members,
  Name,
  OrNull,
  Text,
  Type,
  Uuid,
  type Static,
} from '@strongroom/schema/types';
import type { AuthContext } from '../context.ts';
import { sourceStatus } from '../domain/source.ts';
import {
  createSource,
  deleteSource,
  listSources,
  readSource,
  refreshSources,
  updateSource,
  type ReadableSource,
  type SourceInput,
} from '../operations/sources.ts';
import { stampsView } from './stamps.ts';

const PREFIX = '/role-store/api/v1/sources';
const VIEW = withPermission('sources-view', 'sources-manage');
const MANAGE = withPermission('sources-manage');
const ById = Members({ id: Uuid });

const Lines = OrNull(Type.Array(Line(1_024), { maxItems: 1_000 }));
const Flag = OrNull(Type.Boolean());
const Count = OrNull(Type.Integer({ minimum: 0, maximum: 2_147_483_647 }));

const Body = Members({
  name: Name(256),
  comment: OrNull(Text(4_096)),
  tags: Lines,
  ttl: Count,
  region_filter: Lines,
  username_pattern: Lines,
  external_user_mapping: OrNull(
    Type.Array(Members({ source_id: OrNull(Line(256)), source_search_field: OrNull(Line(256)) }), {
      maxItems: 100,
    }),
  ),
  enabled: Flag,
  connection: OrNull(FreeObject),
  session_password_enabled: Flag,
  session_password_policy: OrNull(
    Members({
      password_min_length: Count,
      password_max_length: Count,
      use_special_characters: Flag,
      use_lower_case: Flag,
      use_upper_case: Flag,
      use_numbers: Flag,
      password_entropy: Count,
      password_strength: OrNull(Line(64)),
    }),
  ),
  child_session_auto_logout_delay: Count,
});

const View = Type.Object({ id: Type.String(), name: Type.String() }, { additionalProperties: true });

function toInput({ name, enabled, connection, ...document }: Static<typeof Body>): SourceInput {
  return { name, isEnabled: enabled ?? undefined, document, connection: connection ?? undefined };
}

function view({ source, connection }: ReadableSource) {
  const { code, text } = sourceStatus(source);
  return {
    ...source.document,
    id: source.id,
    name: source.name,
    enabled: source.isEnabled,
    connection,
    status_code: code,
    status_text: text,
    ...stampsView(source),
    // Go's SDK reads this spelling, PrivX's own pages name the other.
    updatedby: source.updatedBy,
  };
}

/** Directories of people and hosts (contract 4.3). Literal paths come before `:id`. */
export const sourceRoutes = (ctx: AuthContext): Route[] => [
  route({
    method: 'get',
    path: PREFIX,
    operationId: 'listSources',
    tag: 'sources',
    summary: 'List sources; their connections are shown to those who may change them',
    access: VIEW,
    // Clients look for a name in the first answer, without paging (contract 4.3).
    query: Members(paging({ limit: 1_000, max: 1_000 })),
    response: Envelope(View),
    handle: async ({ query, caller, request }) => {
      const { count, sources } = await listSources(ctx, { caller, request }, query);
      return ok({ count, items: sources.map(view) });
    },
  }),
  route({
    method: 'post',
    path: `${PREFIX}/refresh`,
    operationId: 'refreshSources',
    tag: 'sources',
    summary: 'Refresh sources; none of the present types has anything to fetch',
    access: MANAGE,
    body: Type.Array(Uuid, { maxItems: 1_000 }),
    handle: async ({ body }) => {
      await refreshSources(
        ctx,
        body.map(id => id.toLowerCase()),
      );
      return ok();
    },
  }),
  route({
    method: 'post',
    path: PREFIX,
    operationId: 'createSource',
    tag: 'sources',
    summary: 'Create a source',
    access: MANAGE,
    status: 201,
    body: Body,
    response: Members({ id: Uuid }),
    handle: async ({ body, caller, request }) => {
      const id = await createSource(ctx, { caller, request }, toInput(body));
      return created({ id }, `${PREFIX}/${id}`);
    },
  }),
  route({
    method: 'get',
    path: `${PREFIX}/:id`,
    operationId: 'getSource',
    tag: 'sources',
    summary: 'Read a source; its connection is shown to those who may change it',
    access: VIEW,
    params: ById,
    response: View,
    handle: async ({ params, caller, request }) =>
      ok(view(await readSource(ctx, { caller, request }, params.id))),
  }),
  route({
    method: 'put',
    path: `${PREFIX}/:id`,
    operationId: 'updateSource',
    tag: 'sources',
    summary: 'Replace a source',
    access: MANAGE,
    params: ById,
    body: Body,
    handle: async ({ params, body, caller, request }) => {
      await updateSource(ctx, { caller, request }, params.id, toInput(body));
      return ok();
    },
  }),
  route({
    method: 'delete',
    path: `${PREFIX}/:id`,
    operationId: 'deleteSource',
    tag: 'sources',
    summary: 'Delete a source other than that of local users',
    access: MANAGE,
    params: ById,
    handle: async ({ params, caller, request }) => {
      await deleteSource(ctx, { caller, request }, params.id);
      return ok();
    },
  }),
];
