import { isForeignKeyViolation, isUniqueViolation, type Queryable } from '@strongroom/db/database';
import { canonicalName } from '@strongroom/schema/text';
import {
  passwordPolicyExists,
  passwordPolicyInUse,
  passwordPolicyInUseByAccount,
  passwordPolicyInUseByDomain,
} from '../domain/errors.ts';
import type { PasswordPolicy } from '../domain/password-policy.ts';
import type { RotationWindow } from '../domain/rotation-window.ts';

/** Rows come out under the domain's own names. */
const SELECT = `SELECT id, number, name, rotation_interval AS "rotationInterval",
    password_min_length AS "passwordMinLength", password_max_length AS "passwordMaxLength",
    use_special_characters AS "useSpecialCharacters", use_lower_case AS "useLowerCase",
    use_upper_case AS "useUpperCase", use_numbers AS "useNumbers",
    max_versions AS "maxVersions", number_of_retries AS "numberOfRetries", retry_interval AS "retryInterval",
    max_concurrent_checkouts AS "maxConcurrentCheckouts", max_checkout_duration AS "maxCheckoutDuration",
    rotate_on_release AS "rotateOnRelease", verify_after_rotation AS "verifyAfterRotation",
    delete_version_after AS "deleteVersionAfter", fallback_to_previous AS "fallbackToPrevious",
    rotation_window AS "rotationWindow",
    created_at AS "createdAt", created_by AS "createdBy", updated_at AS "updatedAt", updated_by AS "updatedBy"
  FROM password_policies`;

/** What a write sets, in one order for insert and update. The window has a statement of its own. */
const COLUMNS = `name, canonical_name, rotation_interval, password_min_length, password_max_length,
  use_special_characters, use_lower_case, use_upper_case, use_numbers, max_versions, number_of_retries,
  retry_interval, max_concurrent_checkouts, max_checkout_duration, rotate_on_release, verify_after_rotation,
  delete_version_after, fallback_to_previous, updated_at, updated_by`;
const PLACES = '$2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21';

type PolicyWrite = Omit<PasswordPolicy, 'number' | 'createdAt' | 'createdBy' | 'rotationWindow'>;

const values = (policy: PolicyWrite) => [
  policy.id,
  policy.name,
  canonicalName(policy.name),
  policy.rotationInterval,
  policy.passwordMinLength,
  policy.passwordMaxLength,
  policy.useSpecialCharacters,
  policy.useLowerCase,
  policy.useUpperCase,
  policy.useNumbers,
  policy.maxVersions,
  policy.numberOfRetries,
  policy.retryInterval,
  policy.maxConcurrentCheckouts,
  policy.maxCheckoutDuration,
  policy.rotateOnRelease,
  policy.verifyAfterRotation,
  policy.deleteVersionAfter,
  policy.fallbackToPrevious,
  policy.updatedAt,
  policy.updatedBy,
];

const translate = (error: unknown) =>
  isUniqueViolation(error, 'password_policies_name_unique') ? passwordPolicyExists() : error;

export async function insertPasswordPolicy(
  tx: Queryable,
  policy: Omit<PasswordPolicy, 'number' | 'rotationWindow'>,
): Promise<void> {
  try {
    await tx.query(
      `INSERT INTO password_policies (id, ${COLUMNS}, created_at, created_by) VALUES ($1, ${PLACES}, $22, $23)`,
      [...values(policy), policy.createdAt, policy.createdBy],
    );
  } catch (error) {
    throw translate(error);
  }
}

/** Replaces all but the id and who made it. False: there is none. */
export async function updatePasswordPolicy(tx: Queryable, policy: PolicyWrite): Promise<boolean> {
  try {
    const rows = await tx.query(
      `UPDATE password_policies SET (${COLUMNS}) = (${PLACES}) WHERE id = $1 RETURNING id`,
      values(policy),
    );
    return rows.length === 1;
  } catch (error) {
    throw translate(error);
  }
}

export async function setRotationWindow(
  tx: Queryable,
  id: string,
  window: RotationWindow | null,
): Promise<void> {
  await tx.query('UPDATE password_policies SET rotation_window = $2 WHERE id = $1', [
    id,
    window === null ? null : JSON.stringify(window),
  ]);
}

/** The name of what was deleted. Undefined: there was none. */
export async function deletePasswordPolicy(tx: Queryable, id: string): Promise<string | undefined> {
  try {
    const [row] = await tx.query<{ name: string }>(
      'DELETE FROM password_policies WHERE id = $1 RETURNING name',
      [id],
    );
    return row?.name;
  } catch (error) {
    if (isForeignKeyViolation(error, 'managed_accounts_policy_exists')) throw passwordPolicyInUseByAccount();
    if (isForeignKeyViolation(error, 'host_secrets_policy_exists')) throw passwordPolicyInUse();
    throw isForeignKeyViolation(error, 'target_domains_policy_exists')
      ? passwordPolicyInUseByDomain()
      : error;
  }
}

export async function findPasswordPolicy(db: Queryable, id: string): Promise<PasswordPolicy | undefined> {
  const [row] = await db.query<PasswordPolicy>(`${SELECT} WHERE id = $1`, [id]);
  return row;
}

export async function findPasswordPolicyByNumber(
  db: Queryable,
  number: number,
): Promise<PasswordPolicy | undefined> {
  const [row] = await db.query<PasswordPolicy>(`${SELECT} WHERE number = $1`, [number]);
  return row;
}

export const listPasswordPolicies = (db: Queryable): Promise<PasswordPolicy[]> =>
  db.query<PasswordPolicy>(`${SELECT} ORDER BY canonical_name`);
