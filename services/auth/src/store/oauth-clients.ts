import type { Queryable } from '@strongroom/db/database';

export interface OAuthClient {
  readonly id: string;
  readonly sealedSecret: Buffer;
}

/** Nothing happens when the client is there already. */
export async function insertOAuthClient(tx: Queryable, client: OAuthClient, now: Date): Promise<void> {
  await tx.query(
    'INSERT INTO oauth_clients (id, sealed_secret, created_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING',
    [client.id, client.sealedSecret, now],
  );
}

export async function findOAuthClient(db: Queryable, id: string): Promise<OAuthClient | undefined> {
  const [row] = await db.query<{ id: string; sealed_secret: Buffer }>(
    'SELECT id, sealed_secret FROM oauth_clients WHERE id = $1',
    [id],
  );
  return row === undefined ? undefined : { id: row.id, sealedSecret: row.sealed_secret };
}
