import { isDescending, paging, SortDirection } from '@strongroom/http/paging';
import { AUTHENTICATED, ok, route, type Route } from '@strongroom/http/route';
import { Envelope, Line, Members, Type, Uuid } from '@strongroom/schema/types';
import { accountNotFound } from '../domain/errors.ts';
import { parseAccountPath } from '../domain/account-path.ts';
import { lower } from '../domain/host.ts';
import { checkOut } from '../operations/check-out.ts';
import type { CheckoutContext } from '../operations/checkout-context.ts';
import { listCheckouts, readCheckout } from '../operations/read-checkout.ts';
import { releaseCheckout } from '../operations/release-checkout.ts';
import { searchUsableAccounts, type UsableQuery } from '../store/usable-accounts.ts';
import { AUTHORIZER } from './access.ts';
import { accountSecretView, AccountSecretView, checkoutView, CheckoutView } from './checkout-view.ts';
import { Label, OptionalId, withoutNulls } from './wire-types.ts';

/** Accounts on hosts and in target domains for those who may use them (contract 11.1). */

const SECRETS = `${AUTHORIZER}/secrets`;
const CHECKOUTS = `${SECRETS}/checkouts`;
const tag = 'account secrets';

const ById = Members({ id: Uuid });
const Paging = Members({ ...paging({ limit: 50, max: 1_000 }), sortdir: Type.Optional(SortDirection) });
/** Go's SDK leaves out what is unset, or sends it empty. */
const Search = Members({ keywords: Label, host_id: OptionalId, username: Label });

export const checkoutRoutes = (ctx: CheckoutContext): Route[] => {
  const search = async (
    query: UsableQuery,
    { sortdir, offset, limit }: { sortdir?: string; offset: number; limit: number },
  ) => {
    const page = { descending: isDescending(sortdir), offset, limit };
    const { count, accounts } = await searchUsableAccounts(ctx.db, query, page);
    return ok({ count, items: accounts.map(accountSecretView) });
  };
  return [
    route({
      method: 'get',
      path: SECRETS,
      operationId: 'listAccountSecrets',
      tag,
      summary: 'List the accounts that the caller may check out, by host or target domain and name',
      access: AUTHENTICATED,
      query: Paging,
      response: Envelope(AccountSecretView),
      handle: ({ query, caller: { roles } }) =>
        search({ roles, hostId: null, username: null, words: null }, query),
    }),
    route({
      method: 'post',
      path: `${SECRETS}/search`,
      operationId: 'searchAccountSecrets',
      tag,
      summary: 'Search them: all that is given must hold, of the keywords one is enough',
      access: AUTHENTICATED,
      query: Paging,
      body: Search,
      response: Envelope(AccountSecretView),
      handle: ({ query, body, caller: { roles } }) => {
        const { keywords = '', host_id: hostId = '', username = '' } = withoutNulls(body);
        const words = lower(keywords)
          .split(/[\s,]+/)
          .filter(word => word !== '');
        return search(
          {
            roles,
            hostId: hostId === '' ? null : hostId,
            username: username === '' ? null : lower(username),
            words: words.length === 0 ? null : words,
          },
          query,
        );
      },
    }),
    route({
      method: 'get',
      path: CHECKOUTS,
      operationId: 'listCheckouts',
      tag,
      summary: 'List the checkouts of the caller, and of all accounts that he looks after, without passwords',
      access: AUTHENTICATED,
      query: Paging,
      response: Envelope(CheckoutView),
      handle: async ({ query: { sortdir, offset, limit }, caller }) => {
        const page = { descending: isDescending(sortdir), offset, limit };
        const { count, checkouts } = await listCheckouts(ctx, caller, page);
        return ok({ count, items: checkouts.map(checkoutView) });
      },
    }),
    route({
      method: 'post',
      path: CHECKOUTS,
      operationId: 'checkOut',
      tag,
      summary: 'Check an account out, or get the checkout that the caller has of it, with its password',
      access: AUTHENTICATED,
      // An account of 1,024 characters, each written as several triplets.
      body: Members({ path: Line(16_384, 1) }),
      response: Envelope(CheckoutView),
      handle: async ({ body, caller, request }) => {
        const key = parseAccountPath(body.path);
        if (key === undefined) throw accountNotFound();
        return ok({ count: 1, items: [checkoutView(await checkOut(ctx, { caller, request }, key))] });
      },
    }),
    route({
      method: 'get',
      path: `${CHECKOUTS}/:id`,
      operationId: 'getCheckout',
      tag,
      summary: 'Read a checkout; its holder sees the password',
      access: AUTHENTICATED,
      params: ById,
      response: CheckoutView,
      handle: async ({ params, caller, request }) =>
        ok(checkoutView(await readCheckout(ctx, { caller, request }, params.id))),
    }),
    route({
      method: 'post',
      path: `${CHECKOUTS}/:id/release`,
      operationId: 'releaseCheckout',
      tag,
      summary: 'Give an account back; who looks after it takes it away',
      access: AUTHENTICATED,
      params: ById,
      handle: async ({ params, caller, request }) => {
        await releaseCheckout(ctx, { caller, request }, params.id);
        return ok();
      },
    }),
  ];
};
