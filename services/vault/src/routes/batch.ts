import { errorBody, statusOf } from '@strongroom/errors/error-body';
import { AUTHENTICATED, ok, route, type Route } from '@strongroom/http/route';
import { FreeObject, Line, Members, Type } from '@strongroom/schema/types';
import type { VaultContext } from '../context.ts';
import { readSecrets, type ReadResult } from '../operations/read-secrets.ts';
import { NameInput, secretView, SecretView } from './secret-view.ts';

const MAX_SECRETS = 100;

const Result = Members({
  name: Type.String(),
  status: Type.Integer({ description: 'As the read of this secret alone would have been answered' }),
  secret: Type.Optional(SecretView),
  error: Type.Optional(FreeObject),
});

export const batchRoutes = (ctx: VaultContext): Route[] => [
  route({
    method: 'post',
    path: '/vault/api/v1/batch/secrets',
    operationId: 'readSecrets',
    tag: 'secrets',
    summary: `Read up to ${MAX_SECRETS} secrets; each has its own result and its own audit record`,
    access: AUTHENTICATED,
    body: Members({
      secrets: Type.Array(Members({ name: NameInput, owner_id: Type.Optional(Line(128, 1)) }), {
        minItems: 1,
        maxItems: MAX_SECRETS,
      }),
    }),
    response: Members({ count: Type.Integer(), items: Type.Array(Result) }),
    handle: async ({ body, caller, request }) => {
      const addresses = body.secrets.map(({ name, owner_id: ownerId }) => ({ name, ownerId }));
      const results = await readSecrets(ctx, caller, request, addresses);
      const names = await ctx.roles.names();
      const view = (result: ReadResult) =>
        result.error === undefined
          ? { status: 200, secret: secretView(result.secret, result.data, names) }
          : { status: statusOf(result.error), error: errorBody(result.error) };
      const items = results.map((result, index) => ({
        name: body.secrets[index]?.name ?? '',
        ...view(result),
      }));
      return ok({ count: items.length, items });
    },
  }),
];
