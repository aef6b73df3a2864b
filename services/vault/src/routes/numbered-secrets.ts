import { AUTHENTICATED, ok, route, type Route } from '@strongroom/http/route';
import { Members, Type, Uuid } from '@strongroom/schema/types';
import type { VaultContext } from '../context.ts';
import { identifySecret } from '../operations/identify-secret.ts';

/** Which secret a number of a dialect means. Records of the trail name secrets by their ids, which stay when names change. */
export const numberedSecretRoute = (ctx: VaultContext): Route =>
  route({
    method: 'get',
    path: '/vault/api/v1/secret/numbers/:number',
    operationId: 'getSecretOfNumber',
    tag: 'secrets',
    summary: 'The id and the name of the shared secret of a number, for those who may read it',
    access: AUTHENTICATED,
    params: Members({ number: Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }) }),
    response: Members({ id: Uuid, name: Type.String(), number: Type.Integer() }),
    async handle({ params, caller, request }) {
      const { id, name, number } = await identifySecret(ctx, caller, request, params.number);
      return ok({ id, name, number });
    },
  });
