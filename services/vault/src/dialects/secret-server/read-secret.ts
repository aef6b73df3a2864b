import { AUTHENTICATED, ok, route, type Route } from '@strongroom/http/route';
import { Members } from '@strongroom/schema/types';
import type { VaultContext } from '../../context.ts';
import { locateSecret } from '../../operations/locate-secret.ts';
import { schemaOf } from '../../operations/read-schema.ts';
import { readSecret } from '../../operations/read-secret.ts';
import { ById, ByPath, secretKey } from './secret-key.ts';
import { secretView, SecretView } from './secret-view.ts';
import { inVersions, secretServer, V1_AND_V2 } from './versions.ts';

/** Reading secrets (contract 5, row 1). */
export const readSecretRoutes = (ctx: VaultContext): Route[] => [
  ...inVersions(V1_AND_V2, (at, named) =>
    route({
      ...secretServer,
      method: 'get',
      path: at('/secrets/:id'),
      operationId: named('GetSecret'),
      summary: 'Read a secret with its content, by its number, or by its path where the number is 0',
      access: AUTHENTICATED,
      params: ById,
      query: Members(ByPath),
      response: SecretView,
      async handle({ params, query, caller, request }) {
        const address = await locateSecret(ctx, caller, request, secretKey(params.id, query.secretPath));
        const { secret, data = {} } = await readSecret(ctx, caller, request, address);
        return ok(secretView(secret, await schemaOf(ctx, secret), { active: true, data }));
      },
    }),
  ),
];
