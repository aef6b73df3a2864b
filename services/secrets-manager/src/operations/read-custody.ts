import type { Caller } from '@strongroom/contracts/caller';
import type { SecretsManagerContext } from '../context.ts';
import { mayLookAfter, type AccountKey } from '../domain/account-path.ts';
import { isExpired, type Checkout } from '../domain/checkout.ts';
import type { Heartbeat } from '../domain/heartbeat.ts';
import { findActive, findCheckoutPolicy, isRotationToCome } from '../store/checkouts.ts';
import { findHeartbeat } from '../store/heartbeats.ts';
import { isUsable } from '../store/usable-accounts.ts';

/** Who has an account, and how its password is, as far as the caller may know. */
export interface Custody {
  /** That of the caller. */
  readonly own: Checkout | undefined;
  /** By others than the caller, as far as they keep him from having it. */
  readonly isTaken: boolean;
  /** Whether the caller may check it out when nobody has it. */
  readonly mayUse: boolean;
  readonly mayManage: boolean;
  readonly maxDurationMs: number;
  readonly isChangePending: boolean;
  readonly heartbeat: Heartbeat & { readonly at: Date | null };
}

/** Undefined: the caller may neither use the account nor look after it, or there is none. */
export async function readCustody(
  { db, now }: Pick<SecretsManagerContext, 'db' | 'now'>,
  caller: Caller,
  key: AccountKey,
): Promise<Custody | undefined> {
  const mayUse = await isUsable(db, caller.roles, key);
  const mayManage = mayLookAfter(caller, key.system);
  if (!mayUse && !mayManage) return undefined;
  const [policy, heartbeat, stored, isChangePending] = await Promise.all([
    findCheckoutPolicy(db, key),
    findHeartbeat(db, key),
    findActive(db, key),
    isRotationToCome(db, { ...key, rotationId: null }),
  ]);
  if (policy === undefined || heartbeat === undefined) return undefined;
  const active = stored.filter(checkout => !isExpired(checkout, now()));
  const own = active.find(({ state, userId }) => state === 'held' && userId === caller.id);
  const isReleasing = active.some(({ state }) => state === 'releasing');
  return {
    own,
    isTaken: isReleasing || (own === undefined && active.length >= policy.maxConcurrent),
    mayUse,
    mayManage,
    maxDurationMs: policy.maxDurationMs,
    isChangePending,
    heartbeat,
  };
}
