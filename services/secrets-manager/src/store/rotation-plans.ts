import type { Queryable } from '@strongroom/db/database';
import type { RotationWindow } from '../domain/rotation-window.ts';

/** An account whose next rotation is to be worked out, or has come. */
export interface PlannedAccount {
  readonly hostId: string;
  readonly account: string;
  readonly lastRotated: Date | null;
  readonly nextRotation: Date | null;
  /** As in the policy. */
  readonly rotationInterval: string;
  readonly rotationWindow: RotationWindow | null;
}

/**
 * Accounts that have no time for their next rotation yet, and those whose time has come, of hosts that are enabled.
 * They stay locked; what another transaction has locked is passed over.
 */
export const takeUnplanned = (tx: Queryable, now: Date, limit: number): Promise<PlannedAccount[]> =>
  tx.query<PlannedAccount>(
    `SELECT a.host_id AS "hostId", a.account, a.last_rotated AS "lastRotated", a.next_rotation AS "nextRotation",
       p.rotation_interval AS "rotationInterval", p.rotation_window AS "rotationWindow"
     FROM accounts a
       JOIN hosts h ON h.id = a.host_id
       JOIN host_secrets s USING (host_id)
       JOIN password_policies p ON p.id = s.password_policy_id
     WHERE a.is_rotated AND h.disabled = 'false' AND (a.next_rotation IS NULL OR a.next_rotation <= $1)
     ORDER BY a.next_rotation NULLS FIRST LIMIT $2
     FOR UPDATE OF a SKIP LOCKED`,
    [now, limit],
  );

export async function planRotations(
  tx: Queryable,
  plans: readonly { hostId: string; account: string; at: Date }[],
): Promise<void> {
  await tx.query(
    `UPDATE accounts SET next_rotation = plan.at
     FROM unnest($1::uuid[], $2::text[], $3::timestamptz[]) AS plan (host_id, account, at)
     WHERE accounts.host_id = plan.host_id AND accounts.account = plan.account`,
    [plans.map(({ hostId }) => hostId), plans.map(({ account }) => account), plans.map(({ at }) => at)],
  );
}

/** The policy has changed: when its accounts are rotated is worked out anew. */
export async function forgetPlans(tx: Queryable, policyId: string): Promise<void> {
  await tx.query(
    `UPDATE accounts SET next_rotation = NULL FROM host_secrets
     WHERE accounts.host_id = host_secrets.host_id AND host_secrets.password_policy_id = $1
       AND accounts.next_rotation IS NOT NULL`,
    [policyId],
  );
}

/** The host gets another policy. To be called before it has it. */
export async function forgetPlansOfHost(tx: Queryable, hostId: string, nextPolicyId: string): Promise<void> {
  await tx.query(
    `UPDATE accounts SET next_rotation = NULL FROM host_secrets
     WHERE accounts.host_id = $1 AND host_secrets.host_id = $1 AND host_secrets.password_policy_id <> $2`,
    [hostId, nextPolicyId],
  );
}

/** Its password was changed just now, for whatever reason: whether it opens the account is to be looked at, too. */
export async function forgetPlan(tx: Queryable, hostId: string, account: string): Promise<void> {
  await tx.query(
    'UPDATE accounts SET next_rotation = NULL, next_heartbeat = NULL WHERE host_id = $1 AND account = $2',
    [hostId, account],
  );
}
