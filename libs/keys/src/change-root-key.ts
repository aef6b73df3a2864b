import type { RootKeyProvider } from '@strongroom/crypto/root-key';
import type { Database, Queryable } from '@strongroom/db/database';
import { keysBusy, newRootKeyMissing } from './key-errors.ts';
import { findKeys, rewrapKey, type StoredKey } from './key-store.ts';
import { commitUnless } from './start-rotation.ts';

export interface RootKeyChange {
  /** Names of the root keys that the keys were under. */
  readonly from: readonly string[];
  readonly to: string;
  /** Keys that were wrapped anew; 0 when all were under the new root key already. */
  readonly rewrapped: number;
  /** Keys under any other root key, counted when all was done: the proof. */
  readonly remaining: 0;
}

export interface RootKeyChangeOptions {
  db: Database;
  schema: string;
  rootKeys: RootKeyProvider;
  /** Puts the change on the record, in the transaction that makes it. */
  record: (tx: Queryable, change: RootKeyChange) => Promise<void>;
}

const ROUNDS = 10;

/** Wraps every key-encryption key anew, by the next root key, all or none. To be repeated at will. */
export async function changeRootKey({
  db,
  schema,
  rootKeys,
  record,
}: RootKeyChangeOptions): Promise<RootKeyChange> {
  const { next } = await rootKeys.names();
  if (next === undefined) throw newRootKeyMissing();
  for (let round = 0; round < ROUNDS; round += 1) {
    const old = (await findKeys(db)).filter(key => key.rootKeyName !== next);
    // Before the transaction: a KMS is asked over the network.
    const rewrapped = new Map<StoredKey, Buffer>();
    for (const key of old) rewrapped.set(key, await rewrapKey(rootKeys, schema, key, next));
    const change: RootKeyChange = {
      from: [...new Set(old.map(key => key.rootKeyName))],
      to: next,
      rewrapped: old.length,
      remaining: 0,
    };
    const isDone = await commitUnless(db, async tx => {
      for (const [key, wrapped] of rewrapped) await updateWrapped(tx, key, wrapped, next);
      if ((await countUnderOthers(tx, next)) > 0) return false;
      await record(tx, change);
      return true;
    });
    if (isDone) return change;
  }
  throw keysBusy();
}

/** A key that was deleted meanwhile needs nothing; one that was changed is counted afterwards. */
async function updateWrapped(
  tx: Queryable,
  key: StoredKey,
  wrapped: Buffer,
  rootKeyName: string,
): Promise<void> {
  await tx.query(
    `UPDATE key_encryption_keys SET wrapped = $3, root_key_fingerprint = $4 WHERE id = $1 AND wrapped = $2`,
    [key.id, key.wrapped, wrapped, rootKeyName],
  );
}

async function countUnderOthers(tx: Queryable, rootKeyName: string): Promise<number> {
  const [row] = await tx.query<{ count: number }>(
    'SELECT count(*)::integer AS count FROM key_encryption_keys WHERE root_key_fingerprint <> $1',
    [rootKeyName],
  );
  return row?.count ?? 0;
}
