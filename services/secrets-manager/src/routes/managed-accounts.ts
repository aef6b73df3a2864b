import { isDescending, paging, SortDirection } from '@strongroom/http/paging';
import { created, ok, route, type Route } from '@strongroom/http/route';
import {
  Choice,
  Envelope,
  Line,
  Members,
  OrNull,
  Timestamp,
  Type,
  Uuid,
  type Static,
} from '@strongroom/schema/types';
import type { SecretsManagerContext } from '../context.ts';
import { managedAccountNotFound } from '../domain/errors.ts';
import { ROTATION_STATES, type ReadManagedAccount } from '../domain/managed-account.ts';
import { ACCOUNT_STATES } from '../domain/scanned-account.ts';
import {
  deleteManagedAccounts,
  editManagedAccounts,
  rotateManagedAccounts,
  setManagedPassword,
} from '../operations/managed-accounts.ts';
import { readableManagedAccounts } from '../operations/read-managed-accounts.ts';
import { requireTargetDomain } from '../operations/scanned-accounts.ts';
import { createManagedAccount, manageScannedAccounts } from '../operations/take-up-accounts.ts';
import { findManagedAccount, MANAGED_SORT_KEYS, searchManagedAccounts } from '../store/managed-accounts.ts';
import { MANAGE_DOMAINS, TARGET_DOMAINS, VIEW_DOMAINS } from './access.ts';
import { ById } from './host-view.ts';
import {
  ManagedAccountBody,
  ManagedAccountSettingsBody,
  managedAccountView,
  ManagedAccountView,
  NewManagedAccountBody,
  TakeUpBody,
  toChange,
} from './managed-account-view.ts';
import { wordsOf } from './target-domains.ts';
import { Flag, Label } from './wire-types.ts';

const ACCOUNTS = `${TARGET_DOMAINS}/:id/managedaccounts`;
const tag = 'target domains';

const OneAccount = Members({ id: Uuid, account: Uuid });
const Ids = Type.Array(Uuid, { minItems: 1, maxItems: 1_000 });
const Paging = Members({
  ...paging({ limit: 50, max: 1_000 }),
  sortkey: Type.Optional(Choice(...MANAGED_SORT_KEYS)),
  sortdir: Type.Optional(SortDirection),
});
const Moment = OrNull(Type.Union([Timestamp, Type.Literal('')]));
const Search = Members({
  keywords: Label,
  enabled: Flag,
  rotation_enabled: Flag,
  explicit_checkout: Flag,
  created_after: Moment,
  created_before: Moment,
  updated_after: Moment,
  updated_before: Moment,
  state: OrNull(Choice(...ACCOUNT_STATES, '')),
  rotation_state: OrNull(Choice(...ROTATION_STATES, '')),
});

const given = (text: string | null | undefined) => (text === '' ? null : (text ?? null));
const lowered = (ids: readonly string[]) => ids.map(id => id.toLowerCase());

/** Accounts of target domains whose passwords are kept here (contract 3.5). Literal paths come before `:account`. */
export const managedAccountRoutes = (ctx: SecretsManagerContext): Route[] => {
  const views = async (domainId: string, accounts: readonly ReadManagedAccount[]) =>
    (await readableManagedAccounts(ctx, domainId, accounts)).map(managedAccountView);
  const page = async (id: string, query: Static<typeof Paging>, search: Static<typeof Search>) => {
    const { id: domainId } = await requireTargetDomain(ctx, id);
    const { count, accounts } = await searchManagedAccounts(ctx.db, {
      domainId,
      words: wordsOf(search.keywords),
      enabled: search.enabled ?? null,
      rotationEnabled: search.rotation_enabled ?? null,
      explicitCheckout: search.explicit_checkout ?? null,
      state: given(search.state),
      rotationState: given(search.rotation_state),
      createdAfter: given(search.created_after),
      createdBefore: given(search.created_before),
      updatedAfter: given(search.updated_after),
      updatedBefore: given(search.updated_before),
      sortKey: query.sortkey ?? 'username',
      descending: isDescending(query.sortdir),
      offset: query.offset,
      limit: query.limit,
    });
    return ok({ count, items: await views(domainId, accounts) });
  };
  const byIds = { access: MANAGE_DOMAINS, tag, params: ById, method: 'post' } as const;
  return [
    route({
      method: 'get',
      path: ACCOUNTS,
      operationId: 'listManagedAccounts',
      tag,
      summary: 'List the managed accounts of a target domain by user name',
      access: VIEW_DOMAINS,
      params: ById,
      query: Paging,
      response: Envelope(ManagedAccountView),
      handle: ({ params, query }) => page(params.id, query, {}),
    }),
    route({
      method: 'post',
      path: ACCOUNTS,
      operationId: 'createManagedAccount',
      tag,
      summary: 'Manage an account of a target domain; what is not given is what a scan found under its name',
      access: MANAGE_DOMAINS,
      status: 201,
      params: ById,
      body: NewManagedAccountBody,
      response: Members({ id: Uuid }),
      handle: async ({ params, body, caller, request }) => {
        const domainId = params.id.toLowerCase();
        const { username } = body;
        const change = toChange(body);
        const takeUp = { settings: change, rotate: body.rotate ?? false };
        const by = { caller, request };
        const id = await createManagedAccount(ctx, by, domainId, { ...change, username }, takeUp);
        return created({ id }, `${TARGET_DOMAINS}/${domainId}/managedaccounts/${id}`);
      },
    }),
    route({
      method: 'post',
      path: `${ACCOUNTS}/search`,
      operationId: 'searchManagedAccounts',
      tag,
      summary: 'Search the managed accounts of a target domain',
      access: VIEW_DOMAINS,
      params: ById,
      query: Paging,
      body: Search,
      response: Envelope(ManagedAccountView),
      handle: ({ params, query, body }) => page(params.id, query, body),
    }),
    route({
      ...byIds,
      path: `${ACCOUNTS}/batch/create`,
      operationId: 'manageScannedAccounts',
      summary: 'Manage scanned accounts, all of them or none',
      status: 201,
      body: Members({ ids: Ids, data: TakeUpBody }),
      response: Members({ ids: Type.Array(Uuid) }),
      handle: async ({ params, body, caller, request }) => {
        const { rotate, ...settings } = body.data;
        const takeUp = { settings: toChange(settings), rotate: rotate ?? false };
        const by = { caller, request };
        const ids = await manageScannedAccounts(ctx, by, params.id.toLowerCase(), body.ids, takeUp);
        return created({ ids }, `${TARGET_DOMAINS}/${params.id.toLowerCase()}/managedaccounts`);
      },
    }),
    route({
      ...byIds,
      path: `${ACCOUNTS}/batch/edit`,
      operationId: 'editManagedAccounts',
      summary: 'Change how accounts are managed, all of them or none; what is not given stays',
      body: Members({ ids: Ids, changes: ManagedAccountSettingsBody }),
      handle: async ({ params, body, caller, request }) => {
        const by = { caller, request };
        const change = toChange(body.changes);
        await editManagedAccounts(ctx, by, params.id.toLowerCase(), lowered(body.ids), change);
        return ok();
      },
    }),
    route({
      ...byIds,
      path: `${ACCOUNTS}/batch/delete`,
      operationId: 'deleteManagedAccounts',
      summary: 'Manage accounts no longer, all of them or none; what vault keeps of them stays',
      body: Members({ ids: Ids }),
      handle: async ({ params, body, caller, request }) => {
        await deleteManagedAccounts(ctx, { caller, request }, params.id.toLowerCase(), lowered(body.ids));
        return ok();
      },
    }),
    route({
      ...byIds,
      path: `${ACCOUNTS}/batch/rotate`,
      operationId: 'rotateManagedAccounts',
      summary: 'Have the passwords of accounts changed, of all of them or none; answers before they are',
      body: Members({ ids: Ids }),
      handle: async ({ params, body, caller, request }) => {
        await rotateManagedAccounts(ctx, { caller, request }, params.id.toLowerCase(), lowered(body.ids));
        return ok();
      },
    }),
    route({
      method: 'get',
      path: `${ACCOUNTS}/:account`,
      operationId: 'getManagedAccount',
      tag,
      summary: 'Read a managed account, with its last rotations and who has it; no password',
      access: VIEW_DOMAINS,
      params: OneAccount,
      response: ManagedAccountView,
      handle: async ({ params }) => {
        const account = await findManagedAccount(ctx.db, params.id, params.account);
        if (account === undefined) throw managedAccountNotFound();
        return ok((await views(account.domainId, [account]))[0]);
      },
    }),
    route({
      method: 'put',
      path: `${ACCOUNTS}/:account`,
      operationId: 'updateManagedAccount',
      tag,
      summary: 'Change how an account is managed; what is not given stays',
      access: MANAGE_DOMAINS,
      params: OneAccount,
      body: ManagedAccountBody,
      handle: async ({ params, body, caller, request }) => {
        const ids = [params.account.toLowerCase()];
        await editManagedAccounts(ctx, { caller, request }, params.id.toLowerCase(), ids, toChange(body));
        return ok();
      },
    }),
    route({
      method: 'delete',
      path: `${ACCOUNTS}/:account`,
      operationId: 'deleteManagedAccount',
      tag,
      summary: 'Manage an account no longer; what vault keeps of it stays',
      access: MANAGE_DOMAINS,
      params: OneAccount,
      handle: async ({ params, caller, request }) => {
        const ids = [params.account.toLowerCase()];
        await deleteManagedAccounts(ctx, { caller, request }, params.id.toLowerCase(), ids);
        return ok();
      },
    }),
    route({
      method: 'post',
      path: `${ACCOUNTS}/:account/rotate`,
      operationId: 'rotateManagedAccount',
      tag,
      summary: 'Have the password of an account changed; answers before it is',
      access: MANAGE_DOMAINS,
      params: OneAccount,
      handle: async ({ params, caller, request }) => {
        const ids = [params.account.toLowerCase()];
        await rotateManagedAccounts(ctx, { caller, request }, params.id.toLowerCase(), ids);
        return ok();
      },
    }),
    route({
      method: 'post',
      path: `${ACCOUNTS}/:account/password`,
      operationId: 'setManagedPassword',
      tag,
      summary:
        'Tell the password that an account has; the directory is not asked, and the policy does not count',
      access: MANAGE_DOMAINS,
      params: OneAccount,
      body: Members({ password: Line(1_024, 1) }),
      handle: async ({ params, body, caller, request }) => {
        const by = { caller, request };
        await setManagedPassword(ctx, by, params.id.toLowerCase(), params.account, body.password);
        return ok();
      },
    }),
  ];
};
