import { isDescending, paging, SortDirection } from '@strongroom/http/paging';
import { created, ok, route, type Route } from '@strongroom/http/route';
import {
  Choice,
  Envelope,
  Line,
  Members,
  OrNull,
  Text,
  Timestamp,
  Type,
  Uuid,
  type Static,
} from '@strongroom/schema/types';
import type { SecretsManagerContext } from '../context.ts';
import { whitelistNotFound } from '../domain/errors.ts';
import {
  evaluateWhitelist,
  WHITELIST_TYPES,
  type Whitelist,
  type WhitelistSettings,
} from '../domain/whitelist.ts';
import { createWhitelist, deleteWhitelist, updateWhitelist } from '../operations/whitelists.ts';
import { findWhitelist, searchWhitelists } from '../store/whitelists.ts';
import { HOST_STORE, MANAGE_HOSTS, VIEW_HOSTS } from './access.ts';
import { ById } from './host-view.ts';
import { checkedName, NameInput } from './name.ts';
import { Label, Word } from './wire-types.ts';

const WHITELISTS = `${HOST_STORE}/whitelists`;
const tag = 'whitelists';

const rules = {
  type: OrNull(Choice(...WHITELIST_TYPES, '')),
  whitelist_patterns: OrNull(Type.Array(Line(1_024), { maxItems: 1_000 })),
};
const Body = Members({ name: NameInput, comment: OrNull(Text(4_096)), ...rules });

const View = Members({
  id: Uuid,
  name: Type.String(),
  comment: Type.String(),
  type: Choice(...WHITELIST_TYPES),
  whitelist_patterns: Type.Array(Type.String()),
  author: Type.String(),
  created: Timestamp,
  updated: Timestamp,
  updated_by: Type.String(),
});

const Paging = Members({
  ...paging({ limit: 50, max: 1_000 }),
  sortkey: Type.Optional(Choice('id', 'name', 'type', 'created', 'updated')),
  sortdir: Type.Optional(SortDirection),
});

/** Terraform's provider takes a whitelist that does not say its type for a list of globs. */
const toRules = (body: Pick<Static<typeof Body>, 'type' | 'whitelist_patterns'>) => ({
  type: body.type === 'regex' ? ('regex' as const) : ('glob' as const),
  patterns: body.whitelist_patterns ?? [],
});

const toSettings = (body: Static<typeof Body>): WhitelistSettings => ({
  name: checkedName(body.name),
  comment: body.comment ?? '',
  ...toRules(body),
});

const view = (whitelist: Whitelist): Static<typeof View> => ({
  id: whitelist.id,
  name: whitelist.name,
  comment: whitelist.comment,
  type: whitelist.type,
  whitelist_patterns: [...whitelist.patterns],
  author: whitelist.createdBy,
  created: whitelist.createdAt.toISOString(),
  updated: whitelist.updatedAt.toISOString(),
  updated_by: whitelist.updatedBy,
});

/** Whitelists of commands (contract 6.1). Literal paths come before `:id`. */
export const whitelistRoutes = (ctx: SecretsManagerContext): Route[] => {
  const page = async (query: Static<typeof Paging>, keywords: string) => {
    const { count, whitelists } = await searchWhitelists(ctx.db, {
      words: keywords.split(/[\s,]+/).filter(word => word !== ''),
      sortKey: query.sortkey ?? 'name',
      descending: isDescending(query.sortdir),
      offset: query.offset,
      limit: query.limit,
    });
    return ok({ count, items: whitelists.map(view) });
  };
  return [
    route({
      method: 'get',
      path: WHITELISTS,
      operationId: 'listWhitelists',
      tag,
      summary: 'List whitelists by name',
      access: VIEW_HOSTS,
      query: Paging,
      response: Envelope(View),
      handle: ({ query }) => page(query, ''),
    }),
    route({
      method: 'post',
      path: WHITELISTS,
      operationId: 'createWhitelist',
      tag,
      summary: 'Create a whitelist of commands',
      access: MANAGE_HOSTS,
      status: 201,
      body: Body,
      response: Members({ id: Uuid }),
      handle: async ({ body, caller, request }) => {
        const id = await createWhitelist(ctx, { caller, request }, toSettings(body));
        return created({ id }, `${WHITELISTS}/${id}`);
      },
    }),
    route({
      method: 'post',
      path: `${WHITELISTS}/search`,
      operationId: 'searchWhitelists',
      tag,
      summary: 'Search whitelists by words of their names, comments and patterns',
      access: VIEW_HOSTS,
      query: Paging,
      body: Members({ keywords: Label }),
      response: Envelope(View),
      handle: ({ query, body }) => page(query, body.keywords ?? ''),
    }),
    route({
      method: 'post',
      path: `${WHITELISTS}/evaluate`,
      operationId: 'evaluateWhitelist',
      tag,
      summary: 'Say which commands a whitelist would allow; nothing is stored',
      access: VIEW_HOSTS,
      body: Members({
        whitelist: Members(rules),
        rshell_variant: Word,
        commands: Type.Array(Text(4_096), { maxItems: 1_000 }),
      }),
      response: Members({
        whitelist_pattern_results: Type.Array(
          Members({ whitelist_pattern: Type.String(), status: Type.Array(Type.String()) }),
        ),
        command_results: Type.Array(Members({ command: Type.String(), allowed: Type.Boolean() })),
      }),
      handle: ({ body }) => {
        const { patterns, commands } = evaluateWhitelist(toRules(body.whitelist), body.commands);
        return ok({
          whitelist_pattern_results: patterns.map(({ pattern, status }) => ({
            whitelist_pattern: pattern,
            status: [status],
          })),
          command_results: commands,
        });
      },
    }),
    route({
      method: 'get',
      path: `${WHITELISTS}/:id`,
      operationId: 'getWhitelist',
      tag,
      summary: 'Read a whitelist',
      access: VIEW_HOSTS,
      params: ById,
      response: View,
      handle: async ({ params }) => {
        const whitelist = await findWhitelist(ctx.db, params.id);
        if (whitelist === undefined) throw whitelistNotFound();
        return ok(view(whitelist));
      },
    }),
    route({
      method: 'put',
      path: `${WHITELISTS}/:id`,
      operationId: 'updateWhitelist',
      tag,
      summary: 'Replace a whitelist',
      access: MANAGE_HOSTS,
      params: ById,
      body: Body,
      handle: async ({ params, body, caller, request }) => {
        await updateWhitelist(ctx, { caller, request }, params.id.toLowerCase(), toSettings(body));
        return ok();
      },
    }),
    route({
      method: 'delete',
      path: `${WHITELISTS}/:id`,
      operationId: 'deleteWhitelist',
      tag,
      summary: 'Delete a whitelist that no host uses',
      access: MANAGE_HOSTS,
      params: ById,
      handle: async ({ params, caller, request }) => {
        await deleteWhitelist(ctx, { caller, request }, params.id.toLowerCase());
        return ok();
      },
    }),
  ];
};
