import { isDescending, paging, SortDirection } from '@strongroom/http/paging';
import { created, ok, route, type Route } from '@strongroom/http/route';
import { Choice, Envelope, Line, Members, Type, Uuid, type Static } from '@strongroom/schema/types';
import type { SecretsManagerContext } from '../context.ts';
import { targetDomainNotFound } from '../domain/errors.ts';
import { lower } from '../domain/host.ts';
import type { TargetDomain } from '../domain/target-domain.ts';
import {
  createTargetDomain,
  deleteTargetDomain,
  requestScan,
  updateTargetDomain,
} from '../operations/target-domains.ts';
import { listPasswordPolicies } from '../store/password-policies.ts';
import {
  DOMAIN_SORT_KEYS,
  findTargetDomain,
  resolveTargetDomains,
  searchTargetDomains,
} from '../store/target-domains.ts';
import { MANAGE_DOMAINS, TARGET_DOMAINS, VIEW_DOMAINS } from './access.ts';
import { ById } from './host-view.ts';
import { TargetDomainBody, toTargetDomainSettings } from './target-domain-body.ts';
import { targetDomainView, TargetDomainView } from './target-domain-view.ts';
import { Flag, Label } from './wire-types.ts';

const tag = 'target domains';

const Paging = Members({
  ...paging({ limit: 50, max: 1_000 }),
  sortkey: Type.Optional(Choice(...DOMAIN_SORT_KEYS)),
  sortdir: Type.Optional(SortDirection),
});
const Search = Members({ keywords: Label, enabled: Flag, periodic_scan: Flag, auto_onboarding: Flag });

/** Directories of accounts (contract 3.5). Literal paths come before `:id`. */
export const targetDomainRoutes = (ctx: SecretsManagerContext): Route[] => {
  const views = async (domains: readonly TargetDomain[]) => {
    const hasPolicies = domains.some(domain => domain.autoOnboardingPolicyId !== null);
    const policies = hasPolicies ? await listPasswordPolicies(ctx.db) : [];
    const names = new Map(policies.map(({ id, name }) => [id, name]));
    return domains.map(domain => targetDomainView(domain, names));
  };
  const page = async (query: Static<typeof Paging>, search: Static<typeof Search>) => {
    const { count, domains } = await searchTargetDomains(ctx.db, {
      words: wordsOf(search.keywords),
      enabled: search.enabled ?? null,
      periodicScan: search.periodic_scan ?? null,
      autoOnboarding: search.auto_onboarding ?? null,
      sortKey: query.sortkey ?? 'name',
      descending: isDescending(query.sortdir),
      offset: query.offset,
      limit: query.limit,
    });
    return ok({ count, items: await views(domains) });
  };
  /** PrivX's Python SDK asks for a scan at the path of the domain itself. */
  const refresh = (path: string, operationId: string) =>
    route({
      method: 'post',
      path,
      operationId,
      tag,
      summary: 'Have the accounts of a target domain looked for; it is done in the background',
      access: MANAGE_DOMAINS,
      params: ById,
      handle: async ({ params, caller, request }) => {
        await requestScan(ctx, { caller, request }, params.id.toLowerCase());
        return ok();
      },
    });
  return [
    route({
      method: 'get',
      path: TARGET_DOMAINS,
      operationId: 'listTargetDomains',
      tag,
      summary: 'List target domains by name',
      access: VIEW_DOMAINS,
      query: Paging,
      response: Envelope(TargetDomainView),
      handle: ({ query }) => page(query, {}),
    }),
    route({
      method: 'post',
      path: TARGET_DOMAINS,
      operationId: 'createTargetDomain',
      tag,
      summary: 'Create a target domain',
      access: MANAGE_DOMAINS,
      status: 201,
      body: TargetDomainBody,
      response: Members({ id: Uuid }),
      handle: async ({ body, caller, request }) => {
        const id = await createTargetDomain(ctx, { caller, request }, toTargetDomainSettings(body));
        return created({ id }, `${TARGET_DOMAINS}/${id}`);
      },
    }),
    route({
      method: 'post',
      path: `${TARGET_DOMAINS}/search`,
      operationId: 'searchTargetDomains',
      tag,
      summary: 'Search target domains by words of names, comments and addresses, and by flags',
      access: VIEW_DOMAINS,
      query: Paging,
      body: Search,
      response: Envelope(TargetDomainView),
      handle: ({ query, body }) => page(query, body),
    }),
    route({
      method: 'post',
      path: `${TARGET_DOMAINS}/resolve`,
      operationId: 'resolveTargetDomains',
      tag,
      summary: 'Give the ids of target domains by their names; names of none are left out',
      access: VIEW_DOMAINS,
      body: Type.Array(Line(256), { maxItems: 1_000 }),
      response: Envelope(Members({ id: Uuid, target_domain_name: Type.String() })),
      handle: async ({ body }) => {
        const found = await resolveTargetDomains(ctx.db, body);
        const items = found.map(({ id, name }) => ({ id, target_domain_name: name }));
        return ok({ count: items.length, items });
      },
    }),
    route({
      method: 'get',
      path: `${TARGET_DOMAINS}/:id`,
      operationId: 'getTargetDomain',
      tag,
      summary: 'Read a target domain; secrets of its endpoints are masked',
      access: VIEW_DOMAINS,
      params: ById,
      response: TargetDomainView,
      handle: async ({ params }) => {
        const domain = await findTargetDomain(ctx.db, params.id);
        if (domain === undefined) throw targetDomainNotFound();
        return ok((await views([domain]))[0]);
      },
    }),
    route({
      method: 'put',
      path: `${TARGET_DOMAINS}/:id`,
      operationId: 'updateTargetDomain',
      tag,
      summary: 'Replace a target domain; a masked secret stays as it is',
      access: MANAGE_DOMAINS,
      params: ById,
      body: TargetDomainBody,
      handle: async ({ params, body, caller, request }) => {
        const id = params.id.toLowerCase();
        await updateTargetDomain(ctx, { caller, request }, id, toTargetDomainSettings(body));
        return ok();
      },
    }),
    route({
      method: 'delete',
      path: `${TARGET_DOMAINS}/:id`,
      operationId: 'deleteTargetDomain',
      tag,
      summary: 'Delete a target domain with all that scans found in it',
      access: MANAGE_DOMAINS,
      params: ById,
      handle: async ({ params, caller, request }) => {
        await deleteTargetDomain(ctx, { caller, request }, params.id.toLowerCase());
        return ok();
      },
    }),
    refresh(`${TARGET_DOMAINS}/:id/refresh`, 'refreshTargetDomain'),
    refresh(`${TARGET_DOMAINS}/:id`, 'refreshTargetDomainAtItsPath'),
  ];
};

/** Keywords, one of which is enough. */
export const wordsOf = (keywords: string | null | undefined): string[] =>
  lower(keywords ?? '')
    .split(/[\s,]+/)
    .filter(word => word !== '');
