import { AUTHENTICATED, ok, route, type Route } from '@strongroom/http/route';
import { accountOfSecret } from '../../operations/account-of-secret.ts';
import { readCustody } from '../../operations/read-custody.ts';
import { stateWith } from './custody-view.ts';
import { keyOf, SECRET, secretServer, summaryOf, View, type Deps } from './route-parts.ts';

/** What vault says around a secret, with what is known here of its account (contract 5, rows 13 and 14). */
export const statusRoutes = (deps: Deps): Route[] => [
  route({
    ...secretServer,
    method: 'get',
    path: `${SECRET}/summary`,
    operationId: 'secretServerGetAccountSummary',
    summary: 'A secret without its content; of an account, also who has it',
    access: AUTHENTICATED,
    response: View,
    handle: async input => ok(await summaryOf(deps, input)),
  }),
  route({
    ...secretServer,
    method: 'get',
    path: `${SECRET}/state`,
    operationId: 'secretServerGetAccountState',
    summary: 'What the caller may do with a secret; of an account, also whether it is checked out',
    access: AUTHENTICATED,
    response: View,
    async handle(input) {
      const { ctx, vault } = deps;
      const { name, view: summary } = await vault.summary(input, keyOf(input));
      const state = await vault.state(input, Number(summary['id']));
      const key = await accountOfSecret(ctx, name);
      const custody = key && (await readCustody(ctx, input.caller, key));
      return ok(custody === undefined ? state : stateWith(state, input.caller, custody, ctx.now()));
    },
  }),
];
