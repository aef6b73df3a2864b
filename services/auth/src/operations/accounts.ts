import type { Caller } from '@strongroom/contracts/caller';
import type { AuthContext } from '../context.ts';
import { userNotFound } from '../domain/errors.ts';
import type { User } from '../domain/user.ts';
import { findLastSignIns, searchAccounts, type AccountQuery } from '../store/account-search.ts';
import { findApiClient } from '../store/api-clients.ts';
import { findUser, findUserByNumber, findUsersByIds } from '../store/users.ts';
import { passwordIdentity } from './authenticate-person.ts';
import { failuresOf } from './sign-in-throttle.ts';

/** Users as dialects with integer ids see them. */

type Reader = Pick<AuthContext, 'db' | 'now'>;

/** A user, and how signing in went. */
export interface Account {
  readonly user: User;
  readonly lastSignInAt: Date | undefined;
  readonly failures: number;
  /** Guesses of the password have to wait, from wherever they come. */
  readonly isBlocked: boolean;
}

export async function readUserByNumber(ctx: Pick<Reader, 'db'>, number: number): Promise<User> {
  const user = await findUserByNumber(ctx.db, number);
  if (user === undefined) throw userNotFound();
  return user;
}

export async function readUser(ctx: Pick<Reader, 'db'>, id: string): Promise<User> {
  const user = await findUser(ctx.db, id);
  if (user === undefined) throw userNotFound();
  return user;
}

export async function readAccount(ctx: Reader, number: number): Promise<Account> {
  const [account] = await withSignIns(ctx, [await readUserByNumber(ctx, number)]);
  if (account === undefined) throw userNotFound();
  return account;
}

export async function findAccounts(
  ctx: Reader,
  query: AccountQuery,
): Promise<{ total: number; accounts: Account[] }> {
  const { total, ids } = await searchAccounts(ctx.db, query);
  return { total, accounts: await withSignIns(ctx, await findUsersByIds(ctx.db, ids)) };
}

async function withSignIns(ctx: Reader, users: readonly User[]): Promise<Account[]> {
  const ids = users.map(user => user.id);
  const [signIns, failures] = await Promise.all([
    findLastSignIns(ctx.db, ids),
    failuresOf(
      ctx,
      users.map(user => passwordIdentity(user.username)),
    ),
  ]);
  return users.map((user, place) => ({
    user,
    lastSignInAt: signIns.get(user.id),
    failures: failures[place]?.failures ?? 0,
    isBlocked: failures[place]?.isBlocked ?? false,
  }));
}

/** Who calls: a user, or a program with its API client. */
export async function readOwnAccount(
  ctx: Pick<Reader, 'db'>,
  caller: Caller,
): Promise<Pick<User, 'number' | 'username' | 'document'>> {
  if (caller.kind === 'api-client') {
    const client = await findApiClient(ctx.db, caller.id);
    if (client !== undefined) return { number: client.number, username: client.name, document: {} };
  } else if (caller.kind === 'user') {
    const user = await findUser(ctx.db, caller.id);
    if (user !== undefined) return user;
  }
  throw userNotFound();
}
