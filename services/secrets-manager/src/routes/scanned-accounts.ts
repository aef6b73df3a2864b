import { isDescending, paging, SortDirection } from '@strongroom/http/paging';
import { ok, route, type Route } from '@strongroom/http/route';
import {
  Choice,
  Envelope,
  Members,
  OrNull,
  Text,
  Timestamp,
  Type,
  Uuid,
  type Static,
} from '@strongroom/schema/types';
import type { SecretsManagerContext } from '../context.ts';
import { scannedAccountNotFound } from '../domain/errors.ts';
import { ACCOUNT_STATES, type ScannedAccount } from '../domain/scanned-account.ts';
import type { TargetDomain } from '../domain/target-domain.ts';
import { changeScannedAccounts, requireTargetDomain } from '../operations/scanned-accounts.ts';
import { ACCOUNT_SORT_KEYS, findScannedAccount, searchScannedAccounts } from '../store/scanned-accounts.ts';
import { MANAGE_DOMAINS, TARGET_DOMAINS, VIEW_DOMAINS } from './access.ts';
import { ById } from './host-view.ts';
import { wordsOf } from './target-domains.ts';
import { Flag, Label } from './wire-types.ts';

const ACCOUNTS = `${TARGET_DOMAINS}/:id/accounts`;
const tag = 'target domains';

const View = Members({
  id: Uuid,
  username: Type.String(),
  email: Type.String(),
  full_name: Type.String(),
  sam_account_name: Type.String(),
  source_id: Type.String(),
  security_id: Type.String(),
  additional_data: Type.Record(Type.String(), Type.String()),
  target_domain: Members({ id: Uuid, name: Type.String() }),
  state: Choice(...ACCOUNT_STATES),
  ignored: Type.Boolean(),
  comment: Type.String(),
  created: Timestamp,
  updated: Timestamp,
  updated_by: Type.String(),
});

const Paging = Members({
  ...paging({ limit: 50, max: 1_000 }),
  sortkey: Type.Optional(Choice(...ACCOUNT_SORT_KEYS)),
  sortdir: Type.Optional(SortDirection),
});
const Moment = OrNull(Type.Union([Timestamp, Type.Literal('')]));
const Search = Members({
  keywords: Label,
  created_after: Moment,
  created_before: Moment,
  updated_after: Moment,
  updated_before: Moment,
  state: OrNull(Choice(...ACCOUNT_STATES, '')),
  ignored: Flag,
});
/** Clients send a whole account back; all else of it is the directory's or the server's own. */
const Change = Members({ ignored: Flag, comment: OrNull(Text(4_096)) });

const toChange = ({ ignored, comment }: Static<typeof Change>) => ({
  ignored: ignored ?? undefined,
  comment: comment ?? undefined,
});

const given = (text: string | null | undefined) => (text === '' ? null : (text ?? null));

const view = (account: ScannedAccount, domain: TargetDomain): Static<typeof View> => ({
  id: account.id,
  username: account.username,
  email: account.email,
  full_name: account.fullName,
  sam_account_name: account.samAccountName,
  source_id: account.sourceId,
  security_id: account.securityId,
  additional_data: { distinguished_name: account.distinguishedName, ...account.additionalData },
  target_domain: { id: domain.id, name: domain.name },
  state: account.state,
  ignored: account.ignored,
  comment: account.comment,
  created: account.createdAt.toISOString(),
  updated: account.updatedAt.toISOString(),
  updated_by: account.updatedBy,
});

/** What scans found (contract 3.5). Literal paths come before `:account`. */
export const scannedAccountRoutes = (ctx: SecretsManagerContext): Route[] => {
  const page = async (id: string, query: Static<typeof Paging>, search: Static<typeof Search>) => {
    const domain = await requireTargetDomain(ctx, id);
    const { count, accounts } = await searchScannedAccounts(ctx.db, {
      domainId: domain.id,
      words: wordsOf(search.keywords),
      state: given(search.state),
      ignored: search.ignored ?? null,
      createdAfter: given(search.created_after),
      createdBefore: given(search.created_before),
      updatedAfter: given(search.updated_after),
      updatedBefore: given(search.updated_before),
      sortKey: query.sortkey ?? 'username',
      descending: isDescending(query.sortdir),
      offset: query.offset,
      limit: query.limit,
    });
    return ok({ count, items: accounts.map(account => view(account, domain)) });
  };
  /** PrivX's Go SDK posts, its Python SDK puts. */
  const batchEdit = (method: 'post' | 'put', operationId: string) =>
    route({
      method,
      path: `${ACCOUNTS}/batch/edit`,
      operationId,
      tag,
      summary: 'Change what is said of several scanned accounts, all of them or none',
      access: MANAGE_DOMAINS,
      params: ById,
      body: Members({ ids: Type.Array(Uuid, { maxItems: 1_000 }), changes: Change }),
      handle: async ({ params, body, caller, request }) => {
        const id = params.id.toLowerCase();
        await changeScannedAccounts(ctx, { caller, request }, id, body.ids, toChange(body.changes));
        return ok();
      },
    });
  const OneAccount = Members({ id: Uuid, account: Uuid });
  return [
    route({
      method: 'get',
      path: ACCOUNTS,
      operationId: 'listScannedAccounts',
      tag,
      summary: 'List what scans of a target domain found, by user name',
      access: VIEW_DOMAINS,
      params: ById,
      query: Paging,
      response: Envelope(View),
      handle: ({ params, query }) => page(params.id, query, {}),
    }),
    route({
      method: 'post',
      path: `${ACCOUNTS}/search`,
      operationId: 'searchScannedAccounts',
      tag,
      summary: 'Search what scans of a target domain found',
      access: VIEW_DOMAINS,
      params: ById,
      query: Paging,
      body: Search,
      response: Envelope(View),
      handle: ({ params, query, body }) => page(params.id, query, body),
    }),
    batchEdit('post', 'editScannedAccounts'),
    batchEdit('put', 'editScannedAccountsByPut'),
    route({
      method: 'get',
      path: `${ACCOUNTS}/:account`,
      operationId: 'getScannedAccount',
      tag,
      summary: 'Read a scanned account',
      access: VIEW_DOMAINS,
      params: OneAccount,
      response: View,
      handle: async ({ params }) => {
        const domain = await requireTargetDomain(ctx, params.id);
        const account = await findScannedAccount(ctx.db, domain.id, params.account);
        if (account === undefined) throw scannedAccountNotFound();
        return ok(view(account, domain));
      },
    }),
    route({
      method: 'put',
      path: `${ACCOUNTS}/:account`,
      operationId: 'updateScannedAccount',
      tag,
      summary: 'Change what is said of a scanned account; what is not given stays',
      access: MANAGE_DOMAINS,
      params: OneAccount,
      body: Change,
      handle: async ({ params, body, caller, request }) => {
        const id = params.id.toLowerCase();
        await changeScannedAccounts(ctx, { caller, request }, id, [params.account], toChange(body));
        return ok();
      },
    }),
  ];
};
