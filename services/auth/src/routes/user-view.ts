import { Type } from '@strongroom/schema/types';
import { floatingEnd, type GrantPeriod, type RoleGrant } from '../domain/role-grant.ts';
import type { User } from '../domain/user.ts';
import type { UserRole } from '../operations/user-roles.ts';
import { mfaView } from './mfa-view.ts';
import { roleView } from './role-view.ts';

/** The user object of the role store (contract 4.2): what others may see of a person. */

export const UserResponse = Type.Object(
  { id: Type.String(), principal: Type.String() },
  { additionalProperties: true },
);

const DOCUMENT_MEMBERS = [
  'comment',
  'first_name',
  'last_name',
  'full_name',
  'display_name',
  'job_title',
  'company',
  'department',
  'email',
  'telephone',
  'locale',
  'windows_account',
  'unix_account',
  'attributes',
] as const;

export const userView = (user: User) => ({
  ...Object.fromEntries(
    DOCUMENT_MEMBERS.flatMap(name =>
      user.document[name] === undefined || user.document[name] === null ? [] : [[name, user.document[name]]],
    ),
  ),
  id: user.id,
  principal: user.username,
  source: user.sourceId,
  source_type: 'LOCAL',
  tags: user.tags,
  mfa: mfaView(user),
  created: user.createdAt.toISOString(),
  author: user.createdBy,
  updated: user.updatedAt.toISOString(),
  // Go's SDK reads the first, PrivX's own pages name the second.
  updatedby: user.updatedBy,
  updated_by: user.updatedBy,
});

/** A role as somebody has it: the grant's times stand in place of those that the role proposes. */
export const userRoleView = ({ role, grant, isImplicit }: UserRole, publicKeys: readonly string[]) => ({
  ...roleView(role, publicKeys),
  explicit: grant !== null,
  implicit: isImplicit,
  ...grantView(grant),
});

function grantView(grant: RoleGrant | null) {
  // Undefined members are left out of the answer: an empty text is no time.
  const none = {
    grant_start: undefined,
    grant_end: undefined,
    grant_validity_periods: [],
    floating_length: 0,
  };
  if (grant?.type === 'FLOATING') {
    const { hours, startedAt } = grant;
    return {
      ...none,
      grant_type: grant.type,
      grant_start: startedAt?.toISOString(),
      grant_end: startedAt === null ? undefined : floatingEnd(hours, startedAt).toISOString(),
      floating_length: hours,
    };
  }
  if (grant?.type === 'TIME_RESTRICTED') {
    const grant_validity_periods = grant.periods.map(periodView);
    return { ...none, grant_type: grant.type, ...periodView(grant), grant_validity_periods };
  }
  return { ...none, grant_type: 'PERMANENT' };
}

const periodView = ({ start, end }: GrantPeriod) => ({
  grant_start: start?.toISOString(),
  grant_end: end?.toISOString(),
});
