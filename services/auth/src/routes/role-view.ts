import { PERMISSIONS } from '@strongroom/contracts/permissions';
import { Choice, Line, Members, Name, OrNull, Text, Type, type Static } from '@strongroom/schema/types';
import { invalidField } from '@strongroom/errors/common-errors';
import { contextFault } from '../domain/role-context.ts';
import { normalizeRules, type Role, type SourceRule } from '../domain/role.ts';
import { hasTooManyRules } from '../domain/source-rules.ts';
import type { RoleInput } from '../operations/roles.ts';

/** The role object on the wire (contract 4.1). What the platform does not act on is kept and given back. */

const Lines = (maxItems: number, maxLength: number) => OrNull(Type.Array(Line(maxLength), { maxItems }));
const Flag = OrNull(Type.Boolean());
const Time = OrNull(Line(64));

/** For how long a role is given: proposed by the role itself, decided when it is given to somebody. */
export const GRANT_MEMBERS = {
  grant_type: OrNull(Choice('PERMANENT', 'FLOATING', 'TIME_RESTRICTED', '')),
  grant_start: Time,
  grant_end: Time,
  grant_validity_periods: OrNull(
    Type.Array(Members({ grant_start: Time, grant_end: Time }), { maxItems: 100 }),
  ),
  floating_length: OrNull(Type.Integer({ minimum: 0, maximum: 1_000_000 })),
};

/** Recursive, hence the name to refer to. The domain checks its depth. */
const SOURCE_RULES = 'urn:strongroom:source-rules';
const SourceRules = Type.Unsafe<SourceRule>({
  $id: SOURCE_RULES,
  ...Members({
    type: OrNull(Choice('GROUP', 'RULE', '')),
    source: OrNull(Line(256)),
    search_string: OrNull(Text(4_096)),
    match: OrNull(Choice('ANY', 'ALL', '')),
    rules: OrNull(Type.Array(Type.Unsafe<SourceRule>({ $ref: SOURCE_RULES }), { maxItems: 1_000 })),
  }),
});

const ROLE_MEMBERS = {
  comment: OrNull(Text(4_096)),
  tags: Lines(100, 256),
  permissions: OrNull(Type.Array(Choice(...PERMISSIONS), { maxItems: PERMISSIONS.length })),
  type: OrNull(Line(64)),
  explicit: Flag,
  implicit: Flag,
  ...GRANT_MEMBERS,
  arn: OrNull(Line(2_048)),
  source: OrNull(Line(256)),
  access_group_id: OrNull(Line(64)),
  owner_src: OrNull(Line(256)),
  permit_agent: Flag,
  source_rules: OrNull(SourceRules),
  context: OrNull(
    Members({
      enabled: Flag,
      block_role: Flag,
      validity: Lines(7, 16),
      start_time: Time,
      end_time: Time,
      timezone: OrNull(Line(64)),
      ip_masks: Lines(100, 64),
    }),
  ),
};

export const RoleBody = Members({ name: Name(256), ...ROLE_MEMBERS });

/** A role that need not exist: its rules matter, its name does not. */
export const EvaluatedRoleBody = Members({ name: OrNull(Line(256)), ...ROLE_MEMBERS });

export const RoleResponse = Type.Object(
  { id: Type.String(), name: Type.String() },
  { additionalProperties: true },
);

export function toRoleInput(body: Static<typeof RoleBody>): RoleInput {
  const { name, permissions, source_rules, ...rest } = body;
  const rules = normalizeRules(source_rules ?? { type: 'GROUP', match: 'ANY' });
  if (rules === undefined)
    throw invalidField('source_rules', 'source_rules is nested too deep', 'VALUE_OUT_OF_BOUNDS');
  if (hasTooManyRules(rules)) {
    throw invalidField('source_rules', 'source_rules holds too many rules', 'VALUE_OUT_OF_BOUNDS');
  }
  const fault = contextFault(rest.context);
  if (fault !== undefined) {
    throw invalidField(`context.${fault.property}`, fault.message, 'VALUE_INCORRECT_FORMAT');
  }
  return { name, permissions: permissions ?? null, document: { ...rest, source_rules: rules } };
}

/** `publicKeys` are those of its key pairs; clients send them back, and they are dropped. */
export const roleView = (role: Role, publicKeys: readonly string[]) => ({
  explicit: false,
  implicit: false,
  access_group_id: '',
  owner_src: '',
  context: { enabled: false, validity: [], start_time: '', end_time: '', timezone: '', ip_masks: [] },
  source_rules: { type: 'GROUP', match: 'ANY', rules: [] },
  ...role.document,
  id: role.id,
  name: role.name,
  permissions: role.permissions,
  principal_public_key_strings: publicKeys,
  system: role.isSystem,
  created: role.createdAt.toISOString(),
  author: role.createdBy,
  updated: role.updatedAt.toISOString(),
  // Go's SDK reads the first, PrivX's own pages name the second.
  updatedby: role.updatedBy,
  updated_by: role.updatedBy,
});
