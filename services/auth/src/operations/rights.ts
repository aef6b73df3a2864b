import type { Queryable } from '@strongroom/db/database';
import { both, DOES_NOT_HOLD, earlier, either, HOLDS_FOR_EVER } from '../domain/intervals.ts';
import { contextHolds, limitsAddresses } from '../domain/role-context.ts';
import { grantHolds, PERMANENT, type RoleGrant } from '../domain/role-grant.ts';
import type { RoleHandle } from '../domain/role.ts';
import { compileRules } from '../domain/source-rules.ts';
import type { Rights, Subject } from '../domain/subject.ts';
import { attributesOf } from '../domain/user-attributes.ts';
import { findApiClientRoles } from '../store/api-clients.ts';
import {
  findGrantedRoles,
  findRoleHolder,
  findRuledRoles,
  markFloatingGrants,
  type RoleHolder,
  type RoleTerms,
} from '../store/user-roles.ts';

export interface Place {
  readonly now: Date;
  /** null: limits to addresses are left out of account. */
  readonly address: string | null;
}

/** A role that somebody has, be it that it holds now or not. */
export interface HeldRole extends RoleTerms {
  /** null: not given, but had by rules alone. */
  readonly grant: RoleGrant | null;
  readonly isImplicit: boolean;
}

/** What a subject may do there and then. One that is disabled or gone may do nothing. */
export async function rightsOf(db: Queryable, subject: Subject, { now, address }: Place): Promise<Rights> {
  const roles: string[] = [];
  const withheld: RoleHandle[] = [];
  const permissions = new Set<string>();
  let until: Date | null = null;
  let isBoundToAddress = false;
  for (const role of await activeRoles(db, subject)) {
    const byGrant = role.grant === null ? DOES_NOT_HOLD : grantHolds(role.grant, now);
    const given = role.isImplicit ? either(byGrant, HOLDS_FOR_EVER) : byGrant;
    if (!given.holds) continue;
    const here = both(given, contextHolds(role.context, now, address));
    if (!here.holds) {
      withheld.push({ id: role.id, name: role.name });
      continue;
    }
    roles.push(role.id);
    for (const permission of role.permissions) permissions.add(permission);
    until = earlier(until, here.until);
    isBoundToAddress ||= limitsAddresses(role.context);
  }
  return { roles, permissions: [...permissions].sort(), until, isBoundToAddress, withheld };
}

/**
 * What a subject can do at some time and place. Who takes over somebody gets all of that, sooner or later; so
 * it is what an act on somebody is measured by.
 */
export async function permissionsWithinReach(db: Queryable, subject: Subject): Promise<string[]> {
  return [...new Set((await rolesOf(db, subject)).flatMap(role => role.permissions))];
}

/** All roles, also of a person who is disabled: those given in their order, then those by rules alone. */
export async function rolesOf(db: Queryable, subject: Subject): Promise<HeldRole[]> {
  if (subject.kind === 'api-client') return apiClientRoles(db, subject.id);
  const holder = await findRoleHolder(db, subject.id);
  return holder === undefined ? [] : rolesOfHolder(db, subject.id, holder);
}

/** Marks the first use of floating grants, at sign-in; they end so many hours later. */
export const startFloatingGrants = (tx: Queryable, userId: string, now: Date): Promise<void> =>
  markFloatingGrants(tx, userId, now);

async function activeRoles(db: Queryable, subject: Subject): Promise<HeldRole[]> {
  if (subject.kind === 'api-client') return apiClientRoles(db, subject.id);
  const holder = await findRoleHolder(db, subject.id);
  return holder === undefined || holder.isDisabled ? [] : rolesOfHolder(db, subject.id, holder);
}

async function apiClientRoles(db: Queryable, id: string): Promise<HeldRole[]> {
  const roles = await findApiClientRoles(db, id);
  return roles.map(role => ({ ...role, grant: PERMANENT, isImplicit: false }));
}

async function rolesOfHolder(db: Queryable, userId: string, holder: RoleHolder): Promise<HeldRole[]> {
  const granted = await findGrantedRoles(db, userId);
  const { sourceId } = holder;
  if (sourceId === null) return granted.map(role => ({ ...role, isImplicit: false }));
  const person = { sourceId, attributes: attributesOf(holder) };
  const ruled = await findRuledRoles(db);
  const implicit = ruled.filter(role => compileRules(role.sourceRules)(person));
  const implicitIds = new Set(implicit.map(role => role.id));
  const grantedIds = new Set(granted.map(role => role.id));
  return [
    ...granted.map(role => ({ ...role, isImplicit: implicitIds.has(role.id) })),
    ...implicit
      .filter(role => !grantedIds.has(role.id))
      .map(role => ({ ...role, grant: null, isImplicit: true })),
  ];
}
