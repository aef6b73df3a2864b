import type { Queryable } from '@strongroom/db/database';
import { grantHolds } from '../domain/role-grant.ts';
import type { SourceRule } from '../domain/role.ts';
import { compileRules, sourcesOf } from '../domain/source-rules.ts';
import { attributesOf } from '../domain/user-attributes.ts';
import { findGrantees } from '../store/user-roles.ts';
import { findUsersOfSources } from '../store/user-search.ts';

export interface RoleMembers {
  /** Those whose grant holds now, whether or not the role is withheld from them by its context. */
  readonly explicit: ReadonlySet<string>;
  readonly implicit: ReadonlySet<string>;
  readonly all: readonly string[];
}

/** Ids of the people who have a role. */
export async function findMembers(
  db: Queryable,
  role: { readonly id: string; readonly rules: SourceRule },
  now: Date,
): Promise<RoleMembers> {
  const grantees = await findGrantees(db, role.id);
  const explicit = grantees.filter(({ grant }) => grantHolds(grant, now).holds).map(({ userId }) => userId);
  const implicit = await findMatchingUsers(db, role.rules);
  return {
    explicit: new Set(explicit),
    implicit: new Set(implicit),
    all: [...new Set([...explicit, ...implicit])],
  };
}

const BATCH = 1_000;
const FIRST_ID = '00000000-0000-0000-0000-000000000000';

/** Ids of the people whom rules match. Rules ask for more than SQL can say, so people pass through here. */
export async function findMatchingUsers(db: Queryable, rules: SourceRule): Promise<string[]> {
  const sources = sourcesOf(rules);
  if (sources.length === 0) return [];
  const matches = compileRules(rules);
  const ids: string[] = [];
  for (let after: string | undefined = FIRST_ID; after !== undefined;) {
    const users = await findUsersOfSources(db, sources, after, BATCH);
    for (const user of users) {
      if (matches({ sourceId: user.sourceId, attributes: attributesOf(user) })) ids.push(user.id);
    }
    after = users.length === BATCH ? users.at(-1)?.id : undefined;
  }
  return ids;
}
