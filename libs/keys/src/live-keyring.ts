import { createKeyring, type Keyring } from '@strongroom/crypto/keyring';
import type { RootKeyProvider } from '@strongroom/crypto/root-key';
import type { SecretBytes } from '@strongroom/crypto/secret-bytes';
import { coalesce } from '@strongroom/db/coalesce';
import type { Queryable } from '@strongroom/db/database';
import { isKeyRetired, keyRetired } from './key-errors.ts';
import { activeKey, findKeys, loadKeyring, unwrapKey } from './key-store.ts';

/** A keyring that follows the database. Wrapping and unwrapping stay synchronous, for the hot path. */
export interface LiveKeyring extends Keyring {
  /**
   * To be awaited before a value is opened: another replica may have sealed it by a key that this one has not loaded
   * yet. Free when the key is known. A key that is nowhere stays unknown, and the value then does not open.
   */
  have: (keyId: number) => Promise<void> | undefined;
  /**
   * Runs a write that seals, and once more with the new key if the one it sealed by was retired meanwhile: the write
   * was then refused as a whole. `write` must seal anew each time.
   */
  sealing: <T>(write: () => Promise<T>) => Promise<T>;
  /** Reads the keys anew. Concurrent calls share one reading, but none that had begun before. */
  refresh: () => Promise<void>;
}

export interface LiveKeyringOptions {
  db: Queryable;
  schema: string;
  rootKeys: RootKeyProvider;
  now: () => Date;
}

interface LoadedKey {
  readonly key: SecretBytes;
  readonly rootKeyName: string;
  /** Since when its row is gone. */
  goneSince?: number;
}

/** A request that had read a row before it was re-wrapped can still open it; after this time there is none. */
const KEEP_MS = 60_000;
const ROUNDS = 3;

/** Loads the keys of the schema, and makes the first one on a new database. */
export async function openLiveKeyring(options: LiveKeyringOptions): Promise<LiveKeyring> {
  const { db, schema, rootKeys, now } = options;
  let keyring = await loadKeyring(db, schema, rootKeys, now());
  let loaded = new Map<number, LoadedKey>();

  async function load(): Promise<void> {
    const stored = await findKeys(db);
    const next = new Map<number, LoadedKey>();
    for (const [id, key] of loaded) {
      const goneSince = key.goneSince ?? now().getTime();
      if (now().getTime() - goneSince < KEEP_MS) next.set(id, { ...key, goneSince });
    }
    for (const row of stored) {
      const known = loaded.get(row.id);
      // Opened anew under another root key: so it shows at once when this replica was not given that.
      const isSame = known?.rootKeyName === row.rootKeyName;
      const key = isSame ? known.key : await unwrapKey(rootKeys, schema, row);
      next.set(row.id, { key, rootKeyName: row.rootKeyName });
    }
    loaded = next;
    keyring = createKeyring(
      new Map([...next].map(([id, { key }]) => [id, key])),
      activeKey(stored, schema).id,
    );
  }

  const loadTogether = coalesce(async () => {
    await load();
    return new Map<string, never>();
  });
  const refresh = async () => {
    await loadTogether('keys');
  };

  await load();
  return {
    get activeId() {
      return keyring.activeId;
    },
    get ids() {
      return keyring.ids;
    },
    wrap: (dataKey, associatedData) => keyring.wrap(dataKey, associatedData),
    unwrap: (keyId, wrapped, associatedData) => keyring.unwrap(keyId, wrapped, associatedData),
    have: keyId => (loaded.has(keyId) ? undefined : refresh()),
    async sealing(write) {
      for (let round = 0; round < ROUNDS; round += 1) {
        try {
          return await write();
        } catch (error) {
          if (!isKeyRetired(error)) throw error;
          await refresh();
        }
      }
      throw keyRetired();
    },
    refresh,
  };
}
