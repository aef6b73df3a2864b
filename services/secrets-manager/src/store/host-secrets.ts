import { isForeignKeyViolation, type Queryable } from '@strongroom/db/database';
import { invalidField } from '@strongroom/errors/common-errors';
import type { Account, HostSecret } from '../domain/host-secret.ts';

const SELECT = `SELECT host_id AS "hostId", access_group_id AS "accessGroupId", address, port,
    operating_system AS "operatingSystem", protocol,
    certificate_validation_options AS "certificateValidationOptions", trust_anchors AS "trustAnchors",
    use_main_account AS "useMainAccount", main_account AS "mainAccount",
    password_policy_id AS "passwordPolicyId", script_template_id AS "scriptTemplateId",
    created_at AS "createdAt", created_by AS "createdBy", updated_at AS "updatedAt", updated_by AS "updatedBy"
  FROM host_secrets`;

/** Makes the host secret or replaces what it says. Without a new main password the stored one stays. */
export async function putHostSecret(
  tx: Queryable,
  secret: Omit<HostSecret, 'createdAt' | 'createdBy'>,
  sealedMainPassword: Buffer | null,
): Promise<void> {
  try {
    await tx.query(
      `INSERT INTO host_secrets AS stored (host_id, access_group_id, address, port, operating_system, protocol,
         certificate_validation_options, trust_anchors, use_main_account, main_account, password_policy_id,
         script_template_id, sealed_main_password, updated_at, updated_by, created_at, created_by)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $14, $15)
       ON CONFLICT (host_id) DO UPDATE SET access_group_id = $2, address = $3, port = $4, operating_system = $5,
         protocol = $6, certificate_validation_options = $7, trust_anchors = $8, use_main_account = $9,
         main_account = $10, password_policy_id = $11, script_template_id = $12,
         sealed_main_password = coalesce($13, stored.sealed_main_password), updated_at = $14, updated_by = $15`,
      [
        secret.hostId,
        secret.accessGroupId,
        secret.address,
        secret.port,
        secret.operatingSystem,
        secret.protocol,
        secret.certificateValidationOptions,
        secret.trustAnchors,
        secret.useMainAccount,
        secret.mainAccount,
        secret.passwordPolicyId,
        secret.scriptTemplateId,
        sealedMainPassword,
        secret.updatedAt,
        secret.updatedBy,
      ],
    );
  } catch (error) {
    throw translate(error);
  }
}

/** They were there a moment ago: somebody deleted one meanwhile. */
function translate(error: unknown): unknown {
  if (isForeignKeyViolation(error, 'host_secrets_policy_exists')) {
    return invalidField('password_policy_id', 'No password policy has this id');
  }
  if (isForeignKeyViolation(error, 'host_secrets_template_exists')) {
    return invalidField('script_template_id', 'No script template has this id');
  }
  return error;
}

export async function findHostSecret(db: Queryable, hostId: string): Promise<HostSecret | undefined> {
  const [row] = await db.query<HostSecret>(`${SELECT} WHERE host_id = $1`, [hostId]);
  return row;
}

export const findHostSecrets = (db: Queryable, hostIds: readonly string[]): Promise<HostSecret[]> =>
  db.query<HostSecret>(`${SELECT} WHERE host_id = ANY ($1::uuid[])`, [hostIds]);

/** The accounts go with it. False: there is none. */
export async function deleteHostSecret(tx: Queryable, hostId: string): Promise<boolean> {
  const rows = await tx.query('DELETE FROM host_secrets WHERE host_id = $1 RETURNING host_id', [hostId]);
  return rows.length === 1;
}

/** As `deleteHostSecret`, unless an account is left for which something was stored. */
export async function deleteUnusedHostSecret(tx: Queryable, hostId: string): Promise<void> {
  await tx.query(
    `DELETE FROM host_secrets WHERE host_id = $1
       AND NOT EXISTS (SELECT FROM accounts WHERE accounts.host_id = host_secrets.host_id)`,
    [hostId],
  );
}

/** Makes the account, or takes it up again. Without a new initial password the stored one stays. */
export async function putAccount(
  tx: Queryable,
  account: { hostId: string; account: string; createdAt: Date; createdBy: string },
  sealedInitialPassword: Buffer | null,
): Promise<void> {
  await tx.query(
    `INSERT INTO accounts AS stored (host_id, account, is_rotated, sealed_initial_password, created_at, created_by)
     VALUES ($1, $2, true, $3, $4, $5)
     ON CONFLICT (system_id, account) DO UPDATE SET is_rotated = true,
       sealed_initial_password = coalesce($3, stored.sealed_initial_password)`,
    [account.hostId, account.account, sealedInitialPassword, account.createdAt, account.createdBy],
  );
}

/**
 * Accounts whose password is to be changed no longer. One of which no change was ever begun goes; of the others the
 * row stays, since what was stored for them may be all that is known of their password.
 */
export async function dropAccountsBut(tx: Queryable, hostId: string, kept: readonly string[]): Promise<void> {
  await tx.query(
    `DELETE FROM accounts WHERE host_id = $1 AND account <> ALL ($2::text[])
       AND rotation_initiated IS NULL AND last_rotated IS NULL`,
    [hostId, kept],
  );
  await tx.query(
    'UPDATE accounts SET is_rotated = false WHERE host_id = $1 AND is_rotated AND account <> ALL ($2::text[])',
    [hostId, kept],
  );
}

/** The accounts whose passwords are changed, host by host and by name. */
export const findAccounts = (db: Queryable, hostIds: readonly string[]): Promise<Account[]> =>
  db.query<Account>(
    `SELECT host_id AS "hostId", account, rotation_initiated AS "rotationInitiated", last_rotated AS "lastRotated",
       last_error AS "lastError", last_error_details AS "lastErrorDetails", created_at AS "createdAt",
       created_by AS "createdBy"
     FROM accounts WHERE host_id = ANY ($1::uuid[]) AND is_rotated ORDER BY host_id, account`,
    [hostIds],
  );
