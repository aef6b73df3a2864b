import { createHash } from 'node:crypto';
import type { AuthContext } from '../context.ts';
import { countedAddress } from '../domain/client-address.ts';
import { signInLimited } from '../domain/errors.ts';
import { countAttempt, LIMITS, secondsBlocked, type Limit } from '../domain/sign-in-throttle.ts';
import {
  findFailures,
  lockFailures,
  settleFailures,
  takeBackAttempt,
  updateFailures,
  type FailuresByKey,
} from '../store/sign-in-failures.ts';

type Counter = Pick<AuthContext, 'db' | 'now'>;

/**
 * To be asked before any work on a password or a code. The attempt counts at once, so that many at the same
 * time get no further than one after the other; `recordSignInSuccess` takes it back. Counters are in the
 * database: all replicas share them. An identity counts whether it is known or not, and is given in its one
 * canonical form (`passwordIdentity`, or `mfa:` with a user's id).
 *
 * Throws MAX_LOAD (429) with the time to wait.
 */
export async function admitSignIn(ctx: Counter, identity: string, address: string): Promise<void> {
  const counters = countersOf(identity, address);
  const keys = counters.map(({ key }) => key);
  const now = ctx.now();
  // Most of a flood ends here, without a lock.
  requireUnblocked(await findFailures(ctx.db, keys), now);
  await ctx.db.transaction(async tx => {
    const states = await lockFailures(tx, keys, now);
    requireUnblocked(states, now);
    await updateFailures(
      tx,
      counters.map(({ key, limit }) => [key, countAttempt(states.get(key.toString('hex')), limit, now)]),
    );
  });
}

/** The right password or code: this identity starts anew. Whoever shares the address gains nothing by it. */
export async function recordSignInSuccess(ctx: Counter, identity: string, address: string): Promise<void> {
  const [atAddress, alone, place] = countersOf(identity, address);
  await settleFailures(ctx.db, [atAddress.key, alone.key], place.key, place.limit.burst);
}

/** The attempt came to no answer, e.g. since too many people sign in: it was no guess. */
export async function forgetSignIn(ctx: Counter, identity: string, address: string): Promise<void> {
  for (const { key, limit } of countersOf(identity, address)) await takeBackAttempt(ctx.db, key, limit.burst);
}

/** How often guesses of an identity failed lately, from wherever they came, and whether the next one has to wait. */
export async function failuresOf(
  { db, now }: Counter,
  identities: readonly string[],
): Promise<{ failures: number; isBlocked: boolean }[]> {
  const keys = identities.map(identity => digest('identity', identity));
  const states = await findFailures(db, keys);
  return keys.map(key => {
    const state = states.get(key.toString('hex'));
    return { failures: state?.failures ?? 0, isBlocked: secondsBlocked(state, now()) > 0 };
  });
}

interface CounterKey {
  readonly key: Buffer;
  readonly limit: Limit;
}

function countersOf(identity: string, address: string): [CounterKey, CounterKey, CounterKey] {
  const where = countedAddress(address);
  return [
    { key: digest('identity at address', identity, where), limit: LIMITS.identityAtAddress },
    { key: digest('identity', identity), limit: LIMITS.identity },
    { key: digest('address', where), limit: LIMITS.address },
  ];
}

/** JSON keeps the parts apart. What was typed as a name may be a password, so it is not stored. */
const digest = (...parts: string[]): Buffer => createHash('sha256').update(JSON.stringify(parts)).digest();

function requireUnblocked(states: FailuresByKey, now: Date): void {
  const seconds = Math.max(0, ...[...states.values()].map(state => secondsBlocked(state, now)));
  if (seconds > 0) throw signInLimited(seconds);
}
