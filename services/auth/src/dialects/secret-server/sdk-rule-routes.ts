import { ok, route, withPermission, type Route } from '@strongroom/http/route';
import { Page, pageBounds, pageOf, PageQuery } from '@strongroom/http/secret-server-page';
import { Members, Type } from '@strongroom/schema/types';
import type { AuthContext } from '../../context.ts';
import {
  createRule,
  deleteRule,
  listRules,
  makeOnboardingKey,
  readRule,
  updateRule,
} from '../../operations/sdk-client-rules.ts';
import { API, ById, secretServer } from './route-parts.ts';
import { deleted, Deleted } from './deleted.ts';
import { RULE_STUB, RuleBody, ruleView, RuleView, toRuleInput } from './sdk-view.ts';

const RULES = `${API}/sdk-client-rules`;
const MANAGE = withPermission('api-clients-manage');

/** Rules that admit machines (contract secret-server.md 9). Literal paths come before `:id`. */
export const sdkRuleRoutes = (ctx: AuthContext): Route[] => [
  route({
    ...secretServer,
    method: 'get',
    path: RULES,
    operationId: 'secretServerListSdkClientRules',
    summary: 'List the rules by which machines register themselves',
    access: MANAGE,
    query: Members(PageQuery),
    response: Page(RuleView),
    handle: async ({ query }) => {
      const { total, rules } = await listRules(ctx, pageBounds(query));
      return ok(pageOf(rules.map(ruleView), total, query));
    },
  }),
  route({
    ...secretServer,
    method: 'post',
    path: RULES,
    operationId: 'secretServerCreateSdkClientRule',
    summary: 'Let machines register themselves from addresses, to act as an application account',
    access: MANAGE,
    body: RuleBody,
    response: RuleView,
    handle: async ({ body, caller, request }) =>
      ok(ruleView(await createRule(ctx, { caller, request }, toRuleInput(body)))),
  }),
  route({
    ...secretServer,
    method: 'get',
    path: `${RULES}/stub`,
    operationId: 'secretServerSdkClientRuleStub',
    summary: 'A rule to fill in',
    access: MANAGE,
    response: RuleView,
    handle: () => ok(RULE_STUB),
  }),
  route({
    ...secretServer,
    method: 'get',
    path: `${RULES}/:id`,
    operationId: 'secretServerGetSdkClientRule',
    summary: 'Read a rule',
    access: MANAGE,
    params: ById,
    response: RuleView,
    handle: async ({ params }) => ok(ruleView(await readRule(ctx, params.id))),
  }),
  route({
    ...secretServer,
    method: 'put',
    path: `${RULES}/:id`,
    operationId: 'secretServerUpdateSdkClientRule',
    summary: 'Replace a rule; its machines ask for tokens anew',
    access: MANAGE,
    params: ById,
    body: RuleBody,
    response: RuleView,
    handle: async ({ params, body, caller, request }) =>
      ok(ruleView(await updateRule(ctx, { caller, request }, params.id, toRuleInput(body)))),
  }),
  route({
    ...secretServer,
    method: 'delete',
    path: `${RULES}/:id`,
    operationId: 'secretServerDeleteSdkClientRule',
    summary: 'Delete a rule and the machines that registered by it',
    access: MANAGE,
    params: ById,
    response: Deleted,
    handle: async ({ params, caller, request }) => {
      await deleteRule(ctx, { caller, request }, params.id);
      return ok(deleted('SdkClientRule', params.id));
    },
  }),
  ...(['get', 'post'] as const).map(method =>
    route({
      ...secretServer,
      method,
      path: `${RULES}/:id/onboarding-key`,
      operationId: `secretServer${method === 'get' ? 'First' : 'New'}OnboardingKey`,
      summary:
        method === 'get'
          ? 'Make the onboarding key of a rule that has none; it is shown this once'
          : 'Make an onboarding key in place of the one before; it is shown this once',
      access: MANAGE,
      params: ById,
      response: Type.String(),
      handle: async ({ params, caller, request }) => ({
        body: await makeOnboardingKey(ctx, { caller, request }, params.id, { isFirst: method === 'get' }),
        headers: { 'cache-control': 'no-store' },
      }),
    }),
  ),
];
