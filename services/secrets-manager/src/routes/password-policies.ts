import { created, ok, route, type Route } from '@strongroom/http/route';
import { Envelope, Members, Type, Uuid } from '@strongroom/schema/types';
import type { SecretsManagerContext } from '../context.ts';
import { passwordPolicyNotFound } from '../domain/errors.ts';
import { generatePolicyPassword } from '../operations/generate-password.ts';
import {
  createPasswordPolicy,
  deletePasswordPolicy,
  updatePasswordPolicy,
} from '../operations/password-policies.ts';
import {
  findPasswordPolicy,
  findPasswordPolicyByNumber,
  listPasswordPolicies,
} from '../store/password-policies.ts';
import { GENERATE, PREFIX, READ, WRITE } from './access.ts';
import {
  PasswordPolicyBody,
  passwordPolicyView,
  PasswordPolicyView,
  toGivenPolicy,
  toGivenWindow,
} from './password-policy-view.ts';

const ById = Members({ id: Uuid });
const Generated = Members({ password: Type.String() });
const tag = 'password policies';

/** Password policies (contract 3.1). */
export const passwordPolicyRoutes = (ctx: SecretsManagerContext): Route[] => [
  route({
    method: 'get',
    path: `${PREFIX}/password-policies`,
    operationId: 'listPasswordPolicies',
    tag,
    summary: 'List all password policies by name',
    access: READ,
    response: Envelope(PasswordPolicyView),
    handle: async () => {
      const policies = await listPasswordPolicies(ctx.db);
      return ok({ count: policies.length, items: policies.map(passwordPolicyView) });
    },
  }),
  route({
    method: 'post',
    path: `${PREFIX}/password-policy`,
    operationId: 'createPasswordPolicy',
    tag,
    summary: 'Create a password policy; what is not given gets a default',
    access: WRITE,
    status: 201,
    body: PasswordPolicyBody,
    response: Members({ id: Uuid }),
    handle: async ({ body, caller, request }) => {
      const { id } = await createPasswordPolicy(
        ctx,
        caller,
        request,
        toGivenPolicy(body),
        toGivenWindow(body),
      );
      return created({ id }, `${PREFIX}/password-policy/${id}`);
    },
  }),
  route({
    method: 'get',
    path: `${PREFIX}/password-policy/:id`,
    operationId: 'getPasswordPolicy',
    tag,
    summary: 'Read a password policy',
    access: READ,
    params: ById,
    response: PasswordPolicyView,
    handle: async ({ params }) => {
      const policy = await findPasswordPolicy(ctx.db, params.id);
      if (policy === undefined) throw passwordPolicyNotFound();
      return ok(passwordPolicyView(policy));
    },
  }),
  route({
    method: 'put',
    path: `${PREFIX}/password-policy/:id`,
    operationId: 'updatePasswordPolicy',
    tag,
    summary: 'Replace a password policy; what is not given gets a default',
    access: WRITE,
    params: ById,
    body: PasswordPolicyBody,
    handle: async ({ params, body, caller, request }) => {
      const id = params.id.toLowerCase();
      await updatePasswordPolicy(ctx, caller, request, id, toGivenPolicy(body), toGivenWindow(body));
      return ok();
    },
  }),
  route({
    method: 'delete',
    path: `${PREFIX}/password-policy/:id`,
    operationId: 'deletePasswordPolicy',
    tag,
    summary: 'Delete a password policy, or the script template that has this id',
    access: WRITE,
    params: ById,
    handle: async ({ params, caller, request }) => {
      await deletePasswordPolicy(ctx, caller, request, params.id.toLowerCase());
      return ok();
    },
  }),
  route({
    method: 'post',
    path: `${PREFIX}/password-policy/:id/generate`,
    operationId: 'generatePassword',
    tag,
    summary: 'Make a new password that obeys the policy; it is kept nowhere (not part of the PrivX API)',
    access: GENERATE,
    params: ById,
    response: Generated,
    handle: async ({ params, caller, request }) =>
      ok({
        password: await generatePolicyPassword(
          ctx,
          caller,
          request,
          await findPasswordPolicy(ctx.db, params.id),
        ),
      }),
  }),
  route({
    method: 'post',
    path: `${PREFIX}/password-policies/numbers/:number/generate`,
    operationId: 'generatePasswordByNumber',
    tag,
    summary: 'The same by the number of the policy, for dialects whose rules have numbers',
    access: GENERATE,
    params: Members({ number: Type.Integer({ minimum: 1, maximum: 2 ** 31 - 1 }) }),
    response: Generated,
    handle: async ({ params, caller, request }) =>
      ok({
        password: await generatePolicyPassword(
          ctx,
          caller,
          request,
          await findPasswordPolicyByNumber(ctx.db, params.number),
        ),
      }),
  }),
];
