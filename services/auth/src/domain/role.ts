import { canonicalName } from '@strongroom/schema/text';
import type { RoleContext } from './role-context.ts';

/** A role as it is kept. `document` is what clients sent and want back unchanged. */
export interface Role {
  readonly id: string;
  readonly name: string;
  /** null and an empty list are told apart: Terraform compares what it reads with what it sent. */
  readonly permissions: readonly string[] | null;
  readonly isSystem: boolean;
  readonly document: RoleDocument;
  readonly createdAt: Date;
  readonly createdBy: string;
  readonly updatedAt: Date;
  readonly updatedBy: string;
}

/** The system role that always carries all permissions (contract 12). */
const ADMIN_ROLE = 'privx-admin';

/** No other role can have its name. */
export const isAdminRole = ({ name }: Pick<Role, 'name'>): boolean => canonicalName(name) === ADMIN_ROLE;

/** How lists of roles name them (contract 2.1, 5.4). */
export interface RoleHandle {
  readonly id: string;
  readonly name: string;
}

export type RoleDocument = Readonly<Record<string, unknown>>;

export interface SourceRule {
  type?: string | null;
  source?: string | null;
  search_string?: string | null;
  match?: string | null;
  rules?: SourceRule[] | null;
}

/** The rules as `normalizeRules` left them. Roles of the first start have none. */
export const rulesOf = ({ document }: Pick<Role, 'document'>): SourceRule =>
  (document['source_rules'] as SourceRule | undefined) ?? { type: 'GROUP', match: 'ANY', rules: [] };

/** null: nothing limits the role. */
export function enabledContext(document: RoleDocument): RoleContext | null {
  const context = document['context'] as RoleContext | null | undefined;
  return context?.enabled === true ? context : null;
}

const MAX_RULE_DEPTH = 16;

/** `rules` is a list at every level, never null or absent (contract 4.1). Undefined: nested too deep. */
export function normalizeRules(rule: SourceRule, depth = 0): SourceRule | undefined {
  if (depth > MAX_RULE_DEPTH) return undefined;
  const rules: SourceRule[] = [];
  for (const inner of rule.rules ?? []) {
    const normalized = normalizeRules(inner, depth + 1);
    if (normalized === undefined) return undefined;
    rules.push(normalized);
  }
  return { ...rule, rules };
}
