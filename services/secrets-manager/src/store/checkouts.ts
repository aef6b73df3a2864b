import type { Queryable } from '@strongroom/db/database';
import type { AccountKey, SystemKind } from '../domain/account-path.ts';
import type { Checkout, CheckoutPolicy } from '../domain/checkout.ts';
import { parseDuration } from '../domain/duration.ts';

const COLUMNS = `id, system_kind AS system, system_id AS "systemId", account, user_id AS "userId", state, version, created_at AS "createdAt",
  expires_at AS "expiresAt", ended_at AS "endedAt", rotation_id AS "rotationId",
  failed_rotations AS "failedRotations", last_failed_at AS "lastFailedAt"`;

const ACTIVE = `FROM checkouts WHERE state <> 'released' AND (user_id = $1 OR system_kind = ANY ($3::text[]))
  AND (state = 'releasing' OR expires_at > $2)`;

/**
 * Nobody else, on any replica, gives out or ends checkouts of the account until the transaction is over. It is no lock on
 * rows that a rotation changes: whoever finishes one waits for nobody who waits for a rotation.
 */
export async function lockCheckouts(tx: Queryable, { systemId, account }: AccountKey): Promise<void> {
  await tx.query(`SELECT pg_advisory_xact_lock(hashtext('checkouts'), hashtext($1 || '/' || $2))`, [
    systemId,
    account,
  ]);
}

/**
 * What the policy of the account says now. Undefined: it is not there any more, or its host changes its password no longer;
 * a target domain may have accounts whose passwords are given out and never changed.
 */
export async function findCheckoutPolicy(
  db: Queryable,
  { system, systemId, account }: AccountKey,
): Promise<CheckoutPolicy | undefined> {
  const [row] = await db.query<{
    maxConcurrent: number;
    maxDuration: string;
    rotateOnRelease: boolean;
    retryInterval: string;
  }>(
    `SELECT policies.max_concurrent_checkouts AS "maxConcurrent", policies.max_checkout_duration AS "maxDuration",
       policies.rotate_on_release AND accounts.is_rotated AS "rotateOnRelease", policies.retry_interval AS "retryInterval"
     FROM accounts
     JOIN account_rules AS rules USING (system_id, account)
     JOIN password_policies AS policies ON policies.id = rules.password_policy_id
     WHERE system_kind = $1 AND system_id = $2 AND account = $3
       AND (accounts.is_rotated OR system_kind = 'domain')`,
    [system, systemId, account],
  );
  return (
    row && {
      maxConcurrent: row.maxConcurrent,
      maxDurationMs: milliseconds(row.maxDuration),
      rotateOnRelease: row.rotateOnRelease,
      retryIntervalMs: milliseconds(row.retryInterval),
    }
  );
}

function milliseconds(duration: string): number {
  const ms = parseDuration(duration);
  if (ms === undefined) throw new Error('a stored policy has a duration that is none');
  return ms;
}

/** All checkouts of the account that are not released, the oldest first. */
export const findActive = (db: Queryable, { systemId, account }: AccountKey): Promise<Checkout[]> =>
  db.query<Checkout>(
    `SELECT ${COLUMNS} FROM checkouts WHERE system_id = $1 AND account = $2 AND state <> 'released'
     ORDER BY created_at, id`,
    [systemId, account],
  );

/** Those of these accounts of one system that are not over at that time, the oldest first. */
export const findActiveOn = (
  db: Queryable,
  systemId: string,
  accounts: readonly string[],
  now: Date,
): Promise<Checkout[]> =>
  db.query<Checkout>(
    `SELECT ${COLUMNS} FROM checkouts WHERE system_id = $1 AND account = ANY ($2::text[])
       AND (state = 'releasing' OR (state = 'held' AND expires_at > $3)) ORDER BY created_at, id`,
    [systemId, accounts, now],
  );

export async function insertCheckout(
  tx: Queryable,
  checkout: Pick<Checkout, keyof AccountKey | 'id' | 'userId' | 'createdAt' | 'expiresAt'>,
  userName: string,
): Promise<void> {
  await tx.query(
    `INSERT INTO checkouts (id, system_kind, system_id, account, user_id, state, created_at, expires_at, user_name)
     VALUES ($1, $2, $3, $4, $5, 'held', $6, $7, $8)`,
    [
      checkout.id,
      checkout.system,
      checkout.systemId,
      checkout.account,
      checkout.userId,
      checkout.createdAt,
      checkout.expiresAt,
      userName,
    ],
  );
}

export async function extendCheckout(tx: Queryable, id: string, expiresAt: Date): Promise<void> {
  await tx.query('UPDATE checkouts SET expires_at = $2 WHERE id = $1', [id, expiresAt]);
}

/** The first version that the holder is shown is the one that he has checked out. False: he has it no more. */
export async function keepVersion(db: Queryable, id: string, version: number): Promise<boolean> {
  const rows = await db.query(
    `UPDATE checkouts SET version = coalesce(version, $2) WHERE id = $1 AND state = 'held' RETURNING id`,
    [id, version],
  );
  return rows.length === 1;
}

/** The holder is done, and nobody needs to wait. */
export async function markReleased(tx: Queryable, id: string, now: Date): Promise<void> {
  await tx.query(
    `UPDATE checkouts SET state = 'released', ended_at = coalesce(ended_at, $2), look_at = NULL, rotation_id = NULL
     WHERE id = $1`,
    [id, now],
  );
}

/** The holder is done, and the password must change first. */
export async function markReleasing(
  tx: Queryable,
  id: string,
  { now, lookAt, rotationId }: { now: Date; lookAt: Date; rotationId: string },
): Promise<void> {
  await tx.query(
    `UPDATE checkouts SET state = 'releasing', ended_at = $2, look_at = $3, rotation_id = $4 WHERE id = $1`,
    [id, now, lookAt, rotationId],
  );
}

export async function lookAgain(db: Queryable, id: string, lookAt: Date): Promise<void> {
  await db.query(`UPDATE checkouts SET look_at = $2 WHERE id = $1 AND state = 'releasing'`, [id, lookAt]);
}

/** From now on it is this one that a release waits for. */
export async function awaitRotation(tx: Queryable, id: string, rotationId: string): Promise<void> {
  await tx.query(`UPDATE checkouts SET rotation_id = $2 WHERE id = $1 AND state = 'releasing'`, [
    id,
    rotationId,
  ]);
}

/** Whether the account and its system are enabled: passwords of others are not changed now. */
export async function isEnabled(db: Queryable, { systemId, account }: AccountKey): Promise<boolean> {
  const rows = await db.query(
    'SELECT FROM account_rules WHERE system_id = $1 AND account = $2 AND is_enabled',
    [systemId, account],
  );
  return rows.length > 0;
}

/** Whether the rotation that the checkout waits for is under way or will be; of one that waits for any: one of them. */
export async function isRotationToCome(
  db: Queryable,
  { systemId, account, rotationId }: Pick<Checkout, 'systemId' | 'account' | 'rotationId'>,
): Promise<boolean> {
  const rows = await db.query(
    `SELECT 1 FROM rotations WHERE system_id = $1 AND account = $2 AND finished_at IS NULL
       AND ($3::uuid IS NULL OR $3 IN (id, next_id))`,
    [systemId, account, rotationId],
  );
  return rows.length > 0;
}

/** Takes those that wait for this rotation, or for any, until the end of the transaction. */
export const lockReleasing = (
  tx: Queryable,
  { systemId, account }: AccountKey,
  rotationId: string,
): Promise<Checkout[]> =>
  tx.query<Checkout>(
    `SELECT ${COLUMNS} FROM checkouts WHERE system_id = $1 AND account = $2 AND state = 'releasing'
       AND (rotation_id IS NULL OR rotation_id = $3)
     ORDER BY id FOR UPDATE`,
    [systemId, account, rotationId],
  );

export async function noteFailedRotation(
  tx: Queryable,
  id: string,
  { now, lookAt }: { now: Date; lookAt: Date },
): Promise<void> {
  await tx.query(
    `UPDATE checkouts SET failed_rotations = failed_rotations + 1, last_failed_at = $2, look_at = $3,
       rotation_id = NULL
     WHERE id = $1`,
    [id, now, lookAt],
  );
}

export async function findCheckout(db: Queryable, id: string): Promise<Checkout | undefined> {
  const [row] = await db.query<Checkout>(`SELECT ${COLUMNS} FROM checkouts WHERE id = $1`, [id]);
  return row;
}

/** Those of a holder that are not over, and those of all on systems of these kinds. */
export async function listActive(
  db: Queryable,
  { userId, lookedAfter }: { readonly userId: string; readonly lookedAfter: readonly SystemKind[] },
  now: Date,
  page: { descending: boolean; offset: number; limit: number },
): Promise<{ count: number; checkouts: Checkout[] }> {
  const direction = page.descending ? 'DESC' : 'ASC';
  const [[total], checkouts] = await Promise.all([
    db.query<{ count: number }>(`SELECT count(*)::integer AS count ${ACTIVE}`, [userId, now, lookedAfter]),
    db.query<Checkout>(
      `SELECT ${COLUMNS} ${ACTIVE} ORDER BY created_at ${direction}, id ${direction} OFFSET $4 LIMIT $5`,
      [userId, now, lookedAfter, page.offset, page.limit],
    ),
  ]);
  return { count: total?.count ?? 0, checkouts };
}

/** Some of those that have run out, the longest first. */
export const findExpired = (db: Queryable, now: Date, limit: number): Promise<Checkout[]> =>
  db.query<Checkout>(
    `SELECT ${COLUMNS} FROM checkouts WHERE state = 'held' AND expires_at <= $1 ORDER BY expires_at LIMIT $2`,
    [now, limit],
  );

/** Some of those whose release is to be looked after, the longest due first. */
export const findToLookAt = (db: Queryable, now: Date, limit: number): Promise<Checkout[]> =>
  db.query<Checkout>(
    `SELECT ${COLUMNS} FROM checkouts WHERE state = 'releasing' AND look_at <= $1 ORDER BY look_at LIMIT $2`,
    [now, limit],
  );

/** Accounts that were given back and whose password could not be changed so far. */
export async function countHeldUp(db: Queryable): Promise<number> {
  const [row] = await db.query<{ count: number }>(
    `SELECT count(*)::integer AS count FROM checkouts WHERE state = 'releasing' AND failed_rotations > 0`,
  );
  return row?.count ?? 0;
}

/** Forgets checkouts that ended before; the audit trail keeps them. */
export async function deleteReleased(db: Queryable, before: Date, limit: number): Promise<void> {
  await db.query(
    `DELETE FROM checkouts WHERE id IN (
       SELECT id FROM checkouts WHERE state = 'released' AND ended_at < $1 ORDER BY ended_at LIMIT $2)`,
    [before, limit],
  );
}
