import type { Queryable } from '@strongroom/db/database';

/** What is known of an account beside its host. */
export interface StoredAccount {
  /** False: its password is changed no longer. */
  readonly isRotated: boolean;
  readonly sealedInitialPassword: Buffer | null;
  readonly sealedMainPassword: Buffer | null;
}

export async function findStoredAccount(
  db: Queryable,
  hostId: string,
  account: string,
): Promise<StoredAccount | undefined> {
  const [row] = await db.query<StoredAccount>(
    `SELECT is_rotated AS "isRotated", sealed_initial_password AS "sealedInitialPassword",
       sealed_main_password AS "sealedMainPassword"
     FROM accounts JOIN host_secrets USING (host_id) WHERE host_id = $1 AND account = $2`,
    [hostId, account],
  );
  return row;
}

/** Those accounts of the host whose passwords are changed. */
export async function listRotatedAccounts(db: Queryable, hostId: string): Promise<string[]> {
  const rows = await db.query<{ account: string }>(
    'SELECT account FROM accounts WHERE host_id = $1 AND is_rotated ORDER BY account',
    [hostId],
  );
  return rows.map(({ account }) => account);
}

/** The host is about to be touched. False: the account is gone. Held until the transaction ends. */
export async function markInitiated(tx: Queryable, hostId: string, account: string): Promise<boolean> {
  const rows = await tx.query(
    `UPDATE accounts SET rotation_initiated = clock_timestamp() WHERE host_id = $1 AND account = $2
     RETURNING account`,
    [hostId, account],
  );
  return rows.length === 1;
}

export async function markRotated(tx: Queryable, hostId: string, account: string): Promise<void> {
  await tx.query(
    `UPDATE accounts SET last_rotated = clock_timestamp(), last_error = NULL, last_error_details = ''
     WHERE host_id = $1 AND account = $2`,
    [hostId, account],
  );
}

export async function markFailed(
  tx: Queryable,
  hostId: string,
  account: string,
  details: string,
): Promise<void> {
  await tx.query(
    `UPDATE accounts SET last_error = clock_timestamp(), last_error_details = $3
     WHERE host_id = $1 AND account = $2`,
    [hostId, account, details],
  );
}

/** Keeps rotations of the host's accounts from beginning until the transaction ends. */
export async function lockAccounts(tx: Queryable, hostId: string): Promise<void> {
  await tx.query('SELECT account FROM accounts WHERE host_id = $1 ORDER BY account FOR UPDATE', [hostId]);
}
