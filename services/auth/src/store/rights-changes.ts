import type { Queryable } from '@strongroom/db/database';
import type { Subject } from '../domain/subject.ts';

export async function recordRightsChange(tx: Queryable, subject: Subject, now: Date): Promise<void> {
  await tx.query(
    `INSERT INTO rights_changes (subject_id, kind, changed_at) VALUES ($1, $2, $3)
     ON CONFLICT (subject_id) DO UPDATE SET changed_at = excluded.changed_at`,
    [subject.id, subject.kind, now],
  );
}

export interface Page {
  /** Ids up to this one were had before. */
  after: string;
  limit: number;
}

/** In the order of their ids. */
export const findRightsChanges = (db: Queryable, since: Date, { after, limit }: Page): Promise<Subject[]> =>
  db.query<Subject>(
    `SELECT subject_id AS id, kind FROM rights_changes
     WHERE changed_at > $1 AND subject_id > $2 ORDER BY subject_id LIMIT $3`,
    [since, after, limit],
  );
