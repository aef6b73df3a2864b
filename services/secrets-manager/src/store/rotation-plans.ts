import type { Queryable } from '@strongroom/db/database';
import type { AccountKey } from '../domain/account-path.ts';
import type { RotationWindow } from '../domain/rotation-window.ts';

/** An account whose next rotation is to be worked out, or has come. */
export interface PlannedAccount extends AccountKey {
  readonly lastRotated: Date | null;
  readonly nextRotation: Date | null;
  /** As in the policy. */
  readonly rotationInterval: string;
  readonly rotationWindow: RotationWindow | null;
}

/**
 * Accounts that have no time for their next rotation yet, and those whose time has come, where they are enabled.
 * They stay locked; what another transaction has locked is passed over.
 * Each has a policy; by an inner join the planner would expect few to have one, and read all accounts instead of those due.
 */
export const takeUnplanned = (tx: Queryable, now: Date, limit: number): Promise<PlannedAccount[]> =>
  tx.query<PlannedAccount>(
    `SELECT a.system_kind AS system, a.system_id AS "systemId", a.account, a.last_rotated AS "lastRotated",
       a.next_rotation AS "nextRotation", p.rotation_interval AS "rotationInterval",
       p.rotation_window AS "rotationWindow"
     FROM accounts a
       JOIN account_rules rules USING (system_id, account)
       LEFT JOIN password_policies p ON p.id = rules.password_policy_id
     WHERE a.is_rotated AND rules.is_enabled AND (a.next_rotation IS NULL OR a.next_rotation <= $1)
     ORDER BY a.next_rotation NULLS FIRST LIMIT $2
     FOR UPDATE OF a SKIP LOCKED`,
    [now, limit],
  );

export async function planRotations(
  tx: Queryable,
  plans: readonly (Pick<AccountKey, 'systemId' | 'account'> & { readonly at: Date })[],
): Promise<void> {
  await tx.query(
    `UPDATE accounts SET next_rotation = plan.at
     FROM unnest($1::uuid[], $2::text[], $3::timestamptz[]) AS plan (system_id, account, at)
     WHERE accounts.system_id = plan.system_id AND accounts.account = plan.account`,
    [plans.map(({ systemId }) => systemId), plans.map(({ account }) => account), plans.map(({ at }) => at)],
  );
}

/** The policy has changed: when its accounts are rotated is worked out anew. */
export async function forgetPlans(tx: Queryable, policyId: string): Promise<void> {
  await tx.query(
    `UPDATE accounts SET next_rotation = NULL FROM account_rules rules
     WHERE accounts.system_id = rules.system_id AND accounts.account = rules.account
       AND rules.password_policy_id = $1 AND accounts.next_rotation IS NOT NULL`,
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
export async function forgetPlan(tx: Queryable, { systemId, account }: AccountKey): Promise<void> {
  await tx.query(
    'UPDATE accounts SET next_rotation = NULL, next_heartbeat = NULL WHERE system_id = $1 AND account = $2',
    [systemId, account],
  );
}
