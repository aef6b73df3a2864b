import type { Queryable } from '@strongroom/db/database';
import type { HostKey, ShownHostKey } from '../targets/host-key.ts';

/** The key that was trusted on first use. */
export async function findTrustedKey(db: Queryable, hostId: string): Promise<HostKey | undefined> {
  const [row] = await db.query<HostKey>('SELECT algorithm, fingerprint FROM host_keys WHERE host_id = $1', [
    hostId,
  ]);
  return row;
}

/** False: another key was trusted before, and still is. */
export async function trustKey(
  tx: Queryable,
  hostId: string,
  { algorithm, fingerprint, publicKey }: ShownHostKey,
  at: Date,
): Promise<boolean> {
  const rows = await tx.query(
    `INSERT INTO host_keys (host_id, algorithm, fingerprint, public_key, trusted_at) VALUES ($1, $2, $3, $4, $5)
     ON CONFLICT (host_id) DO NOTHING RETURNING host_id`,
    [hostId, algorithm, fingerprint, publicKey, at],
  );
  return rows.length === 1;
}

/** An operator has said which keys the host has. */
export async function forgetTrustedKey(tx: Queryable, hostId: string): Promise<void> {
  await tx.query('DELETE FROM host_keys WHERE host_id = $1', [hostId]);
  await tx.query('DELETE FROM host_key_alarms WHERE host_id = $1', [hostId]);
}

/** False: it was raised within the day before. */
export async function raiseKeyAlarm(tx: Queryable, hostId: string, at: Date): Promise<boolean> {
  const rows = await tx.query(
    `INSERT INTO host_key_alarms AS raised (host_id, raised_at) VALUES ($1, $2)
     ON CONFLICT (host_id) DO UPDATE SET raised_at = $2 WHERE raised.raised_at <= $2 - interval '1 day'
     RETURNING host_id`,
    [hostId, at],
  );
  return rows.length === 1;
}
