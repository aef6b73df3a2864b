import type { Queryable } from '@strongroom/db/database';
import type { AccountKey } from '../domain/account-path.ts';

/** What is known of an account beside its system. */
export interface StoredAccount {
  /** What its system is called. */
  readonly systemName: string;
  /** False: it, or its system, is disabled. */
  readonly isEnabled: boolean;
  /** False: its password is changed no longer. */
  readonly isRotated: boolean;
  readonly sealedInitialPassword: Buffer | null;
  /** Of the host. */
  readonly sealedMainPassword: Buffer | null;
}

export async function findStoredAccount(
  db: Queryable,
  { system, systemId, account }: AccountKey,
): Promise<StoredAccount | undefined> {
  const [row] = await db.query<StoredAccount>(
    `SELECT system_name AS "systemName", is_enabled AS "isEnabled", is_rotated AS "isRotated",
       sealed_initial_password AS "sealedInitialPassword", sealed_main_password AS "sealedMainPassword"
     FROM accounts JOIN account_rules USING (system_id, account) LEFT JOIN host_secrets USING (host_id)
     WHERE system_kind = $1 AND system_id = $2 AND account = $3`,
    [system, systemId, account],
  );
  return row;
}

/** Those accounts of the system whose passwords are changed. */
export async function listRotatedAccounts(
  db: Queryable,
  { system, systemId }: Pick<AccountKey, 'system' | 'systemId'>,
): Promise<string[]> {
  const rows = await db.query<{ account: string }>(
    `SELECT account FROM accounts WHERE system_kind = $1 AND system_id = $2 AND is_rotated ORDER BY account`,
    [system, systemId],
  );
  return rows.map(({ account }) => account);
}

/** The system is about to be touched. False: the account is gone. Held until the transaction ends. */
export async function markInitiated(tx: Queryable, { systemId, account }: AccountKey): Promise<boolean> {
  const rows = await tx.query(
    `UPDATE accounts SET rotation_initiated = clock_timestamp() WHERE system_id = $1 AND account = $2
     RETURNING account`,
    [systemId, account],
  );
  return rows.length === 1;
}

export async function markRotated(tx: Queryable, { systemId, account }: AccountKey): Promise<void> {
  await tx.query(
    `UPDATE accounts SET last_rotated = clock_timestamp(), last_error = NULL, last_error_details = ''
     WHERE system_id = $1 AND account = $2`,
    [systemId, account],
  );
}

export async function markFailed(
  tx: Queryable,
  { systemId, account }: AccountKey,
  details: string,
): Promise<void> {
  await tx.query(
    `UPDATE accounts SET last_error = clock_timestamp(), last_error_details = $3
     WHERE system_id = $1 AND account = $2`,
    [systemId, account, details],
  );
}

/** Keeps rotations of the system's accounts from beginning until the transaction ends. */
export async function lockAccounts(tx: Queryable, systemId: string): Promise<void> {
  await tx.query('SELECT account FROM accounts WHERE system_id = $1 ORDER BY account FOR UPDATE', [systemId]);
}
