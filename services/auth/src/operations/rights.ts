import type { Queryable } from '@strongroom/db/database';
import type { Rights, Subject } from '../domain/subject.ts';
import { apiClientRights } from '../store/api-clients.ts';

export interface Place {
  readonly now: Date;
  /** null: limits to addresses are left out of account. */
  readonly address: string | null;
}

/** What a subject may do there and then. */
export async function rightsOf(db: Queryable, subject: Subject, _at: Place): Promise<Rights> {
  const { roles, permissions } = await apiClientRights(db, subject.id);
  return { roles, permissions, until: null, isBoundToAddress: false, withheld: [] };
}
