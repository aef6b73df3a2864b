import type { By } from '@strongroom/audit/change-on-record';
import { AUDIT_EVENTS } from '@strongroom/contracts/audit';
import type { Caller } from '@strongroom/contracts/caller';
import { accountPath, mayLookAfter, SYSTEM_KINDS } from '../domain/account-path.ts';
import { isExpired, mayKnow, type Checkout } from '../domain/checkout.ts';
import { credentialName } from '../domain/credential-names.ts';
import { checkoutNotFound } from '../domain/errors.ts';
import { findCheckout, keepVersion, listActive } from '../store/checkouts.ts';
import { findAccountCreation, findHandles, isUsable, type AccountHandle } from '../store/usable-accounts.ts';
import type { CheckoutContext } from './checkout-context.ts';
import { readCurrentPassword } from './current-password.ts';
import { told } from './end-checkout.ts';
import { expireCheckout } from './release-checkout.ts';

export interface ShownPassword {
  /** In vault; 0: it came with the host. */
  readonly version: number;
  readonly password: string;
  readonly createdAt: Date;
}

export interface ReadableCheckout {
  readonly checkout: Checkout;
  /** Undefined: what the account was on was deleted since. */
  readonly handle: AccountHandle | undefined;
  /** The one in force first, then the one that was checked out, if that was another. */
  readonly passwords: readonly ShownPassword[];
}

/** Shows the password to who has the account, for as long as he may use it; resolves when that is on the record. */
export async function readCheckout(ctx: CheckoutContext, by: By, id: string): Promise<ReadableCheckout> {
  const found = await findCheckout(ctx.db, id);
  if (found === undefined || !mayKnow(by.caller, found)) throw checkoutNotFound();
  const checkout = isExpired(found, ctx.now()) ? await expireCheckout(ctx, found) : found;
  const handle = (await findHandles(ctx.db, [checkout])).get(accountPath(checkout));
  const maySee =
    checkout.state === 'held' &&
    checkout.userId === by.caller.id &&
    (await isUsable(ctx.db, by.caller.roles, checkout));
  return { checkout, handle, passwords: maySee ? await showPasswords(ctx, by, checkout) : [] };
}

async function showPasswords(ctx: CheckoutContext, by: By, checkout: Checkout): Promise<ShownPassword[]> {
  const passwords = await readPasswords(ctx, checkout);
  const [current] = passwords;
  if (current === undefined) return [];
  // Who gave it back meanwhile must not see what a rotation has set since.
  if (!(await keepVersion(ctx.db, checkout.id, current.version))) return [];
  const versions = passwords.map(({ version }) => version).join(' ');
  await ctx.audit.write({
    type: AUDIT_EVENTS.checkedOutSecretRead,
    ...by,
    message: { ...told(checkout), versions },
  });
  return passwords;
}

async function readPasswords(ctx: CheckoutContext, checkout: Checkout): Promise<ShownPassword[]> {
  const { version: before } = checkout;
  const { password, version } = await readCurrentPassword(ctx, checkout);
  if (password === undefined) return [];
  if (version === 0) {
    const createdAt = (await findAccountCreation(ctx.db, checkout)) ?? checkout.createdAt;
    return [{ version, password, createdAt }];
  }
  const name = credentialName(checkout);
  const created = new Map((await ctx.vault.versions(name)).map(each => [each.version, each.created]));
  const dated = (shown: { version: number; password: string }): ShownPassword => ({
    ...shown,
    createdAt: new Date(created.get(shown.version) ?? checkout.createdAt),
  });
  const current = dated({ version, password });
  if (before === null || before === version || !created.has(before)) return [current];
  const checkedOut = (await ctx.vault.readVersion(name, before))?.['password'];
  return checkedOut === undefined ? [current] : [current, dated({ version: before, password: checkedOut })];
}

/** Those that are not over: the caller's own, and for who looks after accounts all of those. They show no passwords. */
export async function listCheckouts(
  ctx: CheckoutContext,
  caller: Caller,
  page: { descending: boolean; offset: number; limit: number },
): Promise<{ count: number; checkouts: ReadableCheckout[] }> {
  const lookedAfter = SYSTEM_KINDS.filter(system => mayLookAfter(caller, system));
  const { count, checkouts } = await listActive(ctx.db, { userId: caller.id, lookedAfter }, ctx.now(), page);
  const handles = await findHandles(ctx.db, checkouts);
  return {
    count,
    checkouts: checkouts.map(checkout => ({
      checkout,
      handle: handles.get(accountPath(checkout)),
      passwords: [],
    })),
  };
}
