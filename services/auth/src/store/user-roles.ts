import type { Queryable } from '@strongroom/db/database';
import type { RoleContext } from '../domain/role-context.ts';
import { PERMANENT, type GrantPeriod, type RoleGrant } from '../domain/role-grant.ts';
import type { RoleHandle, SourceRule } from '../domain/role.ts';
import type { Describable } from '../domain/user-attributes.ts';

/** As much of a role as decides what it gives to whom and when. */
export interface RoleTerms extends RoleHandle {
  readonly permissions: readonly string[];
  readonly context: RoleContext | null;
}

interface GrantRow {
  grant_type: string;
  grant_start: Date | null;
  grant_end: Date | null;
  validity_periods: { grant_start: string | null; grant_end: string | null }[] | null;
  floating_hours: number | null;
  floating_started_at: Date | null;
}

const GRANT_COLUMNS = `grant_type, grant_start, grant_end, validity_periods, floating_hours, floating_started_at`;

const toTime = (text: string | null): Date | null => (text === null ? null : new Date(text));

function toGrant(row: GrantRow): RoleGrant {
  switch (row.grant_type) {
    case 'PERMANENT':
      return PERMANENT;
    case 'FLOATING':
      return { type: 'FLOATING', hours: row.floating_hours ?? 0, startedAt: row.floating_started_at };
    default:
      // With the times of none, it never holds: so does a type that this version does not know.
      return {
        type: 'TIME_RESTRICTED',
        start: row.grant_start,
        end: row.grant_end,
        periods: (row.validity_periods ?? []).map(period => ({
          start: toTime(period.grant_start),
          end: toTime(period.grant_end),
        })),
      };
  }
}

export interface GrantedRole extends RoleTerms {
  readonly grant: RoleGrant;
}

/** The roles that a person was given, in the order given. */
export async function findGrantedRoles(db: Queryable, userId: string): Promise<GrantedRole[]> {
  const rows = await db.query<GrantRow & RoleTerms>(
    `SELECT r.id, r.name, coalesce(r.permissions, '{}') AS permissions, r.document->'context' AS context,
            ${GRANT_COLUMNS}
     FROM user_roles ur JOIN roles r ON r.id = ur.role_id WHERE ur.user_id = $1
     ORDER BY ur.position, r.canonical_name`,
    [userId],
  );
  return rows.map(row => ({ ...toTerms(row), grant: toGrant(row) }));
}

const toTerms = ({ id, name, permissions, context }: RoleTerms): RoleTerms => ({
  id,
  name,
  permissions,
  context,
});

export interface RuledRole extends RoleTerms {
  readonly sourceRules: SourceRule;
}

/** Roles with rules that can match, of which there are few (index roles_with_rules). */
export async function findRuledRoles(db: Queryable): Promise<RuledRole[]> {
  const rows = await db.query<RoleTerms & { source_rules: SourceRule }>(
    `SELECT id, name, coalesce(permissions, '{}') AS permissions, document->'context' AS context,
            document->'source_rules' AS source_rules
     FROM roles
     WHERE document #>> '{source_rules,type}' = 'RULE' OR document #>> '{source_rules,rules,0}' IS NOT NULL
     ORDER BY canonical_name`,
  );
  return rows.map(row => ({ ...toTerms(row), sourceRules: row.source_rules }));
}

export interface RoleHolder extends Describable {
  readonly isDisabled: boolean;
  /** null: the directory is switched off, so that its rules give nothing. */
  readonly sourceId: string | null;
}

export async function findRoleHolder(db: Queryable, userId: string): Promise<RoleHolder | undefined> {
  const [row] = await db.query<RoleHolder>(
    `SELECT u.username, u.document, u.tags, u.is_disabled AS "isDisabled", s.id AS "sourceId"
     FROM users u LEFT JOIN sources s ON s.id = u.source_id AND s.is_enabled WHERE u.id = $1`,
    [userId],
  );
  return row;
}

export interface NewGrant {
  readonly roleId: string;
  readonly grant: RoleGrant;
}

const fromPeriod = ({ start, end }: GrantPeriod) => ({
  grant_start: start?.toISOString() ?? null,
  grant_end: end?.toISOString() ?? null,
});

export async function replaceGrants(
  tx: Queryable,
  userId: string,
  grants: readonly NewGrant[],
): Promise<void> {
  await tx.query('DELETE FROM user_roles WHERE user_id = $1', [userId]);
  const rows = grants.map(({ roleId, grant }, index) => ({
    role_id: roleId,
    position: index,
    grant_type: grant.type,
    grant_start: grant.type === 'TIME_RESTRICTED' ? grant.start : null,
    grant_end: grant.type === 'TIME_RESTRICTED' ? grant.end : null,
    validity_periods: grant.type === 'TIME_RESTRICTED' ? grant.periods.map(fromPeriod) : null,
    floating_hours: grant.type === 'FLOATING' ? grant.hours : null,
    floating_started_at: grant.type === 'FLOATING' ? grant.startedAt : null,
  }));
  await tx.query(
    `INSERT INTO user_roles (user_id, role_id, position, ${GRANT_COLUMNS})
     SELECT $1, role_id, position, ${GRANT_COLUMNS} FROM json_to_recordset($2::json) AS row (
       role_id uuid, position integer, grant_type text, grant_start timestamptz, grant_end timestamptz,
       validity_periods json, floating_hours integer, floating_started_at timestamptz)`,
    [userId, JSON.stringify(rows)],
  );
}

/** Marks the floating grants that were not used before. */
export async function markFloatingGrants(tx: Queryable, userId: string, now: Date): Promise<void> {
  await tx.query(
    `UPDATE user_roles SET floating_started_at = $2
     WHERE user_id = $1 AND grant_type = 'FLOATING' AND floating_started_at IS NULL`,
    [userId, now],
  );
}

/** Whom a role was given to, whether or not that holds now. */
export async function findGrantees(
  db: Queryable,
  roleId: string,
): Promise<{ userId: string; grant: RoleGrant }[]> {
  const rows = await db.query<GrantRow & { user_id: string }>(
    `SELECT user_id, ${GRANT_COLUMNS} FROM user_roles WHERE role_id = $1`,
    [roleId],
  );
  return rows.map(row => ({ userId: row.user_id, grant: toGrant(row) }));
}
