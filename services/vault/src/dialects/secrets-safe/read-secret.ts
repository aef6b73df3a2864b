import { badRequest } from '@strongroom/errors/common-errors';
import { AUTHENTICATED, ok, route, type Route } from '@strongroom/http/route';
import { Members } from '@strongroom/schema/types';
import type { VaultContext } from '../../context.ts';
import { locateSecret } from '../../operations/locate-secret.ts';
import { readSecret } from '../../operations/read-secret.ts';
import { apiVersion, at, ById, Decrypting, secretsSafe, Versioned } from './api.ts';
import { typeOf, type SecretType } from './content.ts';
import { secretView, SecretView } from './secret-view.ts';

const KINDS: readonly { path: string; type: SecretType | undefined; named: string; what: string }[] = [
  { path: '', type: undefined, named: 'GetSecret', what: 'a secret with its content' },
  { path: '/text', type: 'Text', named: 'GetText', what: 'a text secret' },
  { path: '/file', type: 'File', named: 'GetFile', what: "a file secret, without the file's content" },
];

/** Reading one secret by its id (contract 4, rows 8 to 10). */
export const readSecretRoutes = (ctx: VaultContext): Route[] =>
  KINDS.map(({ path, type, named, what }) =>
    route({
      ...secretsSafe,
      method: 'get',
      path: at(`/secrets/:id${path}`),
      operationId: `secretsSafe${named}`,
      summary: `Read ${what}`,
      access: AUTHENTICATED,
      params: ById,
      query: Members({ ...Decrypting, ...Versioned }),
      response: SecretView,
      async handle({ params, query, caller, request }) {
        const address = await locateSecret(ctx, caller, request, params);
        const shown = await readSecret(ctx, caller, request, address);
        if (type !== undefined && typeOf(shown.secret) !== type) throw ofAnotherKind();
        const names = await ctx.roles.names();
        return ok(secretView(shown, { names, version: apiVersion(query), decrypt: query.decrypt }));
      },
    }),
  );

export const ofAnotherKind = () => badRequest('The secret is of another kind');
