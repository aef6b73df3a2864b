import type { SecretsManagerContext } from '../context.ts';
import type { Checkout } from '../domain/checkout.ts';
import type { PastRotation, ReadManagedAccount } from '../domain/managed-account.ts';
import { findActiveOn } from '../store/checkouts.ts';
import { findPastRotations } from '../store/managed-accounts.ts';

/** A managed account with what is known of it elsewhere. */
export interface ReadableManagedAccount {
  readonly account: ReadManagedAccount;
  /** The newest first. */
  readonly history: readonly PastRotation[];
  /** Its checkouts that are not over. */
  readonly active: readonly Checkout[];
  /** By id; one that was deleted since is missing. */
  readonly roleNames: ReadonlyMap<string, string>;
}

const MOST_ROTATIONS = 10;

/** Accounts of one target domain. Asks for each kind of thing once, however many accounts there are. */
export async function readableManagedAccounts(
  ctx: Pick<SecretsManagerContext, 'db' | 'now' | 'roles'>,
  domainId: string,
  accounts: readonly ReadManagedAccount[],
): Promise<ReadableManagedAccount[]> {
  const usernames = accounts.map(({ username }) => username);
  const hasRoles = accounts.some(({ roles }) => roles.length > 0);
  const [rotations, checkouts, roleNames] = await Promise.all([
    findPastRotations(ctx.db, domainId, usernames, MOST_ROTATIONS),
    findActiveOn(ctx.db, domainId, usernames, ctx.now()),
    hasRoles ? ctx.roles.names() : new Map<string, string>(),
  ]);
  return accounts.map(account => ({
    account,
    history: rotations.filter(({ username }) => username === account.username),
    active: checkouts.filter(checkout => checkout.account === account.username),
    roleNames,
  }));
}
