import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { hostAccount } from '../src/domain/account-path.ts';
import type { SecretsManagerContext } from '../src/context.ts';
import { isUsable, searchUsableAccounts, type UsableQuery } from '../src/store/usable-accounts.ts';
import { addHost, addPolicy, startCheckoutPlatform, type CheckoutPlatform } from './checkout-support.ts';

const [DBA, WEB, NOBODYS] = [randomUUID(), randomUUID(), randomUUID()];

let platform: CheckoutPlatform;
let ctx: SecretsManagerContext;
let alpha: string;
let beta: string;

beforeAll(async () => {
  platform = await startCheckoutPlatform();
  ctx = (await platform.replica()).ctx;
  const policy = await addPolicy(ctx, {});
  alpha = await addHost(
    ctx,
    policy,
    { root: [DBA], app: [DBA, WEB], hidden: [] },
    { common_name: 'Alpha', addresses: ['a.example.com'], external_id: 'ext-1' },
  );
  beta = await addHost(
    ctx,
    policy,
    {},
    {
      common_name: 'beta_1',
      addresses: ['b.example.com'],
      principals: [
        // One account in two parts, as hosts may have it.
        { principal: 'app', rotate: true, roles: [{ id: WEB }] },
        { principal: 'app', roles: [{ id: DBA }] },
        // Its password is not changed, so there is none to give out.
        { principal: 'fixed', roles: [{ id: WEB }] },
      ],
    },
  );
});
afterAll(() => platform.stop());

const find = async (query: Partial<UsableQuery>, page: Partial<Page> = {}) => {
  const { count, accounts } = await searchUsableAccounts(
    ctx.db,
    { roles: [DBA, WEB], hostId: null, username: null, words: null, ...query },
    { descending: false, offset: 0, limit: 10, ...page },
  );
  const names = accounts.map(
    ({ systemId, account }) => `${systemId === alpha ? 'alpha' : 'beta'} ${account}`,
  );
  return { count, names };
};
type Page = Parameters<typeof searchUsableAccounts>[2];

describe('accounts that somebody may use', () => {
  test.each([
    ['both roles', [DBA, WEB], ['alpha app', 'alpha root', 'beta app']],
    ['one role', [WEB], ['alpha app', 'beta app']],
    ['a role that one of two parts of an account names', [DBA], ['alpha app', 'alpha root', 'beta app']],
    ['a role of nothing', [NOBODYS], []],
    ['no role', [], []],
  ])('with %s', async (_, roles, names) => {
    expect(await find({ roles })).toEqual({ count: names.length, names });
    for (const hostId of [alpha, beta]) {
      for (const account of ['root', 'app', 'hidden', 'fixed', 'none']) {
        const listed = names.includes(`${hostId === alpha ? 'alpha' : 'beta'} ${account}`);
        expect([account, await isUsable(ctx.db, roles, hostAccount(hostId, account))]).toEqual([
          account,
          listed,
        ]);
      }
    }
  });

  test('come in pages, in either order', async () => {
    expect(await find({}, { offset: 1, limit: 1 })).toEqual({ count: 3, names: ['alpha root'] });
    expect(await find({}, { descending: true })).toEqual({
      count: 3,
      names: ['beta app', 'alpha root', 'alpha app'],
    });
  });

  test.each<[string, Partial<UsableQuery>, string[]]>([
    ['account', { words: ['roo'] }, ['alpha root']],
    ['name of the host', { words: ['alph'] }, ['alpha app', 'alpha root']],
    ['address', { words: ['b.example'] }, ['beta app']],
    ['external id', { words: ['ext-1'] }, ['alpha app', 'alpha root']],
    ['one of several words', { words: ['roo', 'beta'] }, ['alpha root', 'beta app']],
    ['a word that is a pattern elsewhere', { words: ['a_1'] }, ['beta app']],
    ['username, whole', { username: 'app' }, ['alpha app', 'beta app']],
    ['username, in part', { username: 'ap' }, []],
    ['all that is given', { username: 'app', words: ['alpha'] }, ['alpha app']],
  ])('are found by %s', async (_, query, names) => {
    expect((await find(query)).names).toEqual(names);
  });

  test('are found by host', async () => {
    expect((await find({ hostId: beta })).names).toEqual(['beta app']);
    expect((await find({ hostId: randomUUID() })).names).toEqual([]);
  });
});
