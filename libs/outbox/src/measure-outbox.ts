import type { Queryable } from '@strongroom/db/database';
import type { Metrics } from '@strongroom/metrics/metrics';

/** More is not counted: an outbox that a broker's outage has filled must not make each scrape a scan of it. */
const MAX_COUNTED = 10_000;

/** How far the relay is behind. Every replica of a service tells the same. */
export function measureOutbox(db: Queryable, metrics: Metrics): void {
  metrics.gauge(
    'strongroom_outbox_waiting',
    `Events that wait for the relay, counted up to ${MAX_COUNTED}`,
    async () => {
      const [row] = await db.query<{ waiting: number }>(
        'SELECT count(*)::integer AS waiting FROM (SELECT FROM outbox LIMIT $1) AS bounded',
        [MAX_COUNTED],
      );
      return row?.waiting ?? 0;
    },
  );
  metrics.gauge(
    'strongroom_outbox_oldest_seconds',
    'Age of the oldest event that waits, else 0',
    async () => {
      const [row] = await db.query<{ seconds: number }>(
        `SELECT GREATEST(0, extract(epoch FROM now() - (event->>'time')::timestamptz))::float8 AS seconds
       FROM outbox ORDER BY id LIMIT 1`,
      );
      return row?.seconds ?? 0;
    },
  );
}
