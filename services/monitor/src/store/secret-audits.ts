import type { Queryable } from '@strongroom/db/database';
import type { SecretAudit, SecretAuditsPage } from '../domain/secret-audits.ts';

interface Row {
  position: string;
  created: Date;
  service_name: string;
  event_id: number;
  event_name: string;
  message: Record<string, string>;
}

/** Counting ends here, so that a secret which is read all day can be asked for, too. */
const COUNT_LIMIT = 100_000;

const WHERE = `WHERE message ->> 'secretID' = $1 AND service_name = 'vault' AND event_id = ANY ($2::integer[])`;

/** Records of acts with these codes on one secret, and how many there are. */
export async function findSecretAudits(
  db: Queryable,
  secretId: string,
  codes: readonly number[],
  { offset, limit, descending }: SecretAuditsPage,
): Promise<{ count: number; events: SecretAudit[] }> {
  const direction = descending ? 'DESC' : 'ASC';
  const rows = await db.query<Row>(
    `SELECT position, created, service_name, event_id, event_name, message FROM audit_events ${WHERE}
     ORDER BY created ${direction}, position ${direction} OFFSET $3 LIMIT $4`,
    [secretId, codes, offset, limit],
  );
  const [counted] = await db.query<{ count: number }>(
    `SELECT count(*)::integer AS count FROM (SELECT FROM audit_events ${WHERE} LIMIT $3) AS matches`,
    [secretId, codes, Math.max(COUNT_LIMIT, offset + limit + 1)],
  );
  return {
    count: counted?.count ?? 0,
    events: rows.map(row => ({
      position: Number(row.position),
      created: row.created,
      service: row.service_name,
      code: row.event_id,
      name: row.event_name,
      message: row.message,
    })),
  };
}
