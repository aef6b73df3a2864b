import type { Caller, RequestInfo } from '@strongroom/contracts/caller';
import type { Queryable } from '@strongroom/db/database';
import type { AuthContext } from '../context.ts';
import { userNotFound } from '../domain/errors.ts';
import type { Subject } from '../domain/subject.ts';
import { rightsOf, rolesOf, type HeldRole, type Place } from '../operations/rights.ts';
import { loadRoles } from '../operations/user-roles.ts';
import { findApiClient } from '../store/api-clients.ts';
import { findPublicKeysOfRoles } from '../store/principal-keys.ts';
import { findUser } from '../store/users.ts';
import { userRoleView, userView } from './user-view.ts';

/** Roles as somebody has them. */
export async function roleViews(db: Queryable, held: readonly HeldRole[]) {
  const roles = await loadRoles(db, held);
  const keys = await findPublicKeysOfRoles(
    db,
    held.map(({ id }) => id),
  );
  return roles.map(item => userRoleView(item, keys.get(item.role.id) ?? []));
}

/** The roles that count there and then, and what they permit. */
export async function rightsView(db: Queryable, subject: Subject, place: Place) {
  const rights = await rightsOf(db, subject, place);
  const held = (await rolesOf(db, subject)).filter(({ id }) => rights.roles.includes(id));
  return { roles: await roleViews(db, held), permissions: rights.permissions };
}

/** Who calls. A program is shown in the form of a person, its name standing for the user name. */
export async function currentSubjectView(ctx: AuthContext, caller: Caller, request: RequestInfo) {
  if (caller.kind === 'service') throw userNotFound();
  const rights = await rightsView(
    ctx.db,
    { kind: caller.kind, id: caller.id },
    { now: ctx.now(), address: request.remoteAddress },
  );
  const roleIds = rights.roles.map(role => role.id);
  return {
    ...(caller.kind === 'user' ? await person(ctx.db, caller.id) : await program(ctx.db, caller.id)),
    ...rights,
    current_session_id: caller.sessionId,
    // A new token would say something else.
    stale_access_token:
      roleIds.join() !== caller.roles.join() ||
      rights.permissions.join() !== [...caller.permissions].sort().join(),
  };
}

async function person(db: Queryable, id: string) {
  const user = await findUser(db, id);
  if (user === undefined) throw userNotFound();
  return userView(user);
}

async function program(db: Queryable, id: string) {
  const client = await findApiClient(db, id);
  if (client === undefined) throw userNotFound();
  return {
    id: client.id,
    principal: client.name,
    source: '',
    source_type: 'API_CLIENT',
    tags: [],
    created: client.createdAt.toISOString(),
    author: client.createdBy,
    updated: client.updatedAt.toISOString(),
    updatedby: client.updatedBy,
    updated_by: client.updatedBy,
  };
}
