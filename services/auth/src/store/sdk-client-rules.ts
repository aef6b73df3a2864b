import { isUniqueViolation, type Queryable } from '@strongroom/db/database';
import { canonicalName } from '@strongroom/schema/text';
import { sdkClientRuleExists } from '../domain/errors.ts';
import type { RuleUser, SdkClientRule } from '../domain/sdk-client.ts';
import type { Page } from './sdk-clients.ts';

interface RuleRow {
  id: number;
  name: string;
  details: string;
  requires_key: boolean;
  key_hash: Buffer | null;
  user: RuleUser | null;
}

const toRule = (row: RuleRow): SdkClientRule => ({
  id: row.id,
  name: row.name,
  details: row.details,
  user: row.user,
  requiresKey: row.requires_key,
  keyHash: row.key_hash,
});

const SELECT = `SELECT r.id, r.name, r.details, r.requires_key, r.key_hash,
    (SELECT json_build_object('id', u.id, 'number', u.number, 'username', u.username)
     FROM users u WHERE u.id = r.user_id) AS user
  FROM sdk_client_rules r`;

const translate = (error: unknown) =>
  isUniqueViolation(error, 'sdk_client_rules_name_unique') ? sdkClientRuleExists() : error;

type RuleFields = Pick<SdkClientRule, 'name' | 'details' | 'user' | 'requiresKey'>;

export async function insertRule(tx: Queryable, rule: RuleFields, now: Date, by: string): Promise<number> {
  try {
    const [row] = await tx.query<{ id: number }>(
      `INSERT INTO sdk_client_rules (name, canonical_name, details, user_id, requires_key,
                                     created_at, created_by, updated_at, updated_by)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $6, $7) RETURNING id`,
      [rule.name, canonicalName(rule.name), rule.details, rule.user?.id ?? null, rule.requiresKey, now, by],
    );
    if (row === undefined) throw new Error('an INSERT without a row');
    return row.id;
  } catch (error) {
    throw translate(error);
  }
}

export async function updateRule(
  tx: Queryable,
  rule: RuleFields & Pick<SdkClientRule, 'id'>,
  now: Date,
  by: string,
): Promise<void> {
  try {
    await tx.query(
      `UPDATE sdk_client_rules SET name = $2, canonical_name = $3, details = $4, user_id = $5, requires_key = $6,
                                   updated_at = $7, updated_by = $8
       WHERE id = $1`,
      [
        rule.id,
        rule.name,
        canonicalName(rule.name),
        rule.details,
        rule.user?.id ?? null,
        rule.requiresKey,
        now,
        by,
      ],
    );
  } catch (error) {
    throw translate(error);
  }
}

export async function updateRuleKey(
  tx: Queryable,
  id: number,
  keyHash: Buffer,
  now: Date,
  by: string,
): Promise<void> {
  await tx.query(
    'UPDATE sdk_client_rules SET key_hash = $2, updated_at = $3, updated_by = $4 WHERE id = $1',
    [id, keyHash, now, by],
  );
}

export async function deleteRule(tx: Queryable, id: number): Promise<void> {
  await tx.query('DELETE FROM sdk_client_rules WHERE id = $1', [id]);
}

export async function findRule(db: Queryable, id: number): Promise<SdkClientRule | undefined> {
  const [row] = await db.query<RuleRow>(`${SELECT} WHERE r.id = $1`, [id]);
  return row && toRule(row);
}

/** The same; nobody else changes the row until the transaction ends. */
export async function lockRule(tx: Queryable, id: number): Promise<SdkClientRule | undefined> {
  const [row] = await tx.query<RuleRow>(`${SELECT} WHERE r.id = $1 FOR UPDATE OF r`, [id]);
  return row && toRule(row);
}

/** In any spelling of the name. */
export async function findRuleByName(db: Queryable, name: string): Promise<SdkClientRule | undefined> {
  const [row] = await db.query<RuleRow>(`${SELECT} WHERE r.canonical_name = $1`, [canonicalName(name)]);
  return row && toRule(row);
}

export async function listRules(
  db: Queryable,
  { offset, limit }: Page,
): Promise<{ total: number; rules: SdkClientRule[] }> {
  const [[count], rows] = await Promise.all([
    db.query<{ total: number }>('SELECT count(*)::integer AS total FROM sdk_client_rules'),
    db.query<RuleRow>(`${SELECT} ORDER BY r.canonical_name OFFSET $1 LIMIT $2`, [offset, limit]),
  ]);
  return { total: count?.total ?? 0, rules: rows.map(toRule) };
}
