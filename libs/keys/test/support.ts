import { randomBytes, randomUUID } from 'node:crypto';
import { KEY_BYTES } from '@strongroom/crypto/aead';
import { openValue, sealValue, type ValueAddress } from '@strongroom/crypto/envelope';
import type { Keyring } from '@strongroom/crypto/keyring';
import { staticRootKey } from '@strongroom/crypto/root-key';
import { SecretBytes } from '@strongroom/crypto/secret-bytes';
import { openDatabase, type Database, type Queryable } from '@strongroom/db/database';
import { migrate } from '@strongroom/db/migrate';
import { roleName } from '@strongroom/db/provision';
import { silentLogger } from '@strongroom/log/logger';
import { createTestDatabase } from '@strongroom/testing/database';
import { translateKeyRefusal } from '../src/key-errors.ts';
import { keyMigrations } from '../src/key-store.ts';
import { openLiveKeyring, type LiveKeyring } from '../src/live-keyring.ts';
import { startRotationJob, type RotationJob, type RotationJobOptions } from '../src/rotation-job.ts';
import { findLastRotation, type Rotation } from '../src/rotation-store.ts';
import type { SealedTable } from '../src/sealed-table.ts';
import { startRotation } from '../src/start-rotation.ts';

export const newRootKey = () => new SecretBytes(randomBytes(KEY_BYTES));

const addressOf = (id: number): ValueAddress => ({
  schema: 'vault',
  table: 'sealed_values',
  objectId: String(id),
  version: 1,
  field: 'data',
});

interface ValueRow {
  id: number;
  key_id: number;
  wrapped_key: Buffer;
  ciphertext: Buffer;
}

/** The least table with sealed values that there can be. */
export const sealedValues: SealedTable = {
  table: 'sealed_values',
  async count(db, keyId) {
    const [row] = await db.query<{ count: number }>(
      'SELECT count(*)::integer AS count FROM sealed_values WHERE key_id = $1',
      [keyId],
    );
    return row!.count;
  },
  async take(tx, keyId, after, limit) {
    const rows = await tx.query<ValueRow>(
      `SELECT id, wrapped_key FROM sealed_values WHERE key_id = $1 AND id > $2
       ORDER BY id LIMIT $3 FOR NO KEY UPDATE SKIP LOCKED`,
      [keyId, after?.[0] ?? 0, limit],
    );
    return rows.map(row => ({ position: [row.id], wrappedKey: row.wrapped_key, address: addressOf(row.id) }));
  },
  async put(tx, keyId, rows) {
    await tx.query(
      `UPDATE sealed_values v SET key_id = $1, wrapped_key = r.wrapped_key
       FROM unnest($2::integer[], $3::bytea[]) AS r (id, wrapped_key) WHERE v.id = r.id`,
      [keyId, rows.map(({ position }) => position[0]), rows.map(({ wrappedKey }) => wrappedKey)],
    );
  },
};

export async function insertValue(db: Queryable, keyring: Keyring, id: number): Promise<void> {
  const { keyId, wrappedKey, ciphertext } = sealValue(keyring, Buffer.from(`value ${id}`), addressOf(id));
  try {
    await db.query(
      'INSERT INTO sealed_values (id, key_id, wrapped_key, ciphertext) VALUES ($1, $2, $3, $4)',
      [id, keyId, wrappedKey, ciphertext],
    );
  } catch (error) {
    throw translateKeyRefusal(error);
  }
}

export const findValues = (db: Queryable): Promise<ValueRow[]> =>
  db.query<ValueRow>('SELECT id, key_id, wrapped_key, ciphertext FROM sealed_values ORDER BY id');

export async function openRow(keyring: LiveKeyring, row: ValueRow): Promise<string> {
  await keyring.have(row.key_id);
  const envelope = { keyId: row.key_id, wrappedKey: row.wrapped_key, ciphertext: row.ciphertext };
  return openValue(keyring, envelope, addressOf(row.id)).toString();
}

export interface Replica {
  readonly db: Database;
  readonly keyring: LiveKeyring;
  readonly job: RotationJob;
  rotate: () => Promise<Rotation>;
}

/** A service with sealed values, as far as keys go: any number of replicas on one database. */
export async function startInstallation() {
  const database = await createTestDatabase('vault');
  const url = new URL(database.url);
  url.username = roleName('vault');
  const settings = { url: url.href, password: database.password, schema: 'vault' };
  const pool = { ...settings, poolSize: 5, deadlineMs: 20_000 };
  const opened: Database[] = [];
  const jobs: RotationJob[] = [];
  const open = (): Database => {
    const db = openDatabase(pool, silentLogger);
    opened.push(db);
    return db;
  };
  await migrate(settings, [keyMigrations], silentLogger);
  const db = open();
  await db.query(
    `CREATE TABLE sealed_values (id integer PRIMARY KEY, key_id integer, wrapped_key bytea, ciphertext bytea)`,
  );
  await db.query(
    `CREATE TRIGGER sealed_values_sealed BEFORE INSERT OR UPDATE OF key_id ON sealed_values
     FOR EACH ROW WHEN (NEW.key_id IS NOT NULL) EXECUTE FUNCTION require_active_key()`,
  );
  const rootKey = newRootKey();
  const rootKeys = staticRootKey(rootKey);
  /** What was put on the record, each together with what it tells of. */
  const record = async (tx: Queryable, { id, finishedAt }: Rotation, what: string) => {
    expectUnfinished(finishedAt);
    await tx.query('INSERT INTO records (what, rotation) VALUES ($1, $2)', [what, id]);
  };
  await db.query('CREATE TABLE records (what text, rotation uuid)');

  return {
    db,
    open,
    rootKey,
    rootKeys,
    database,
    async startReplica(options: Partial<RotationJobOptions> = {}): Promise<Replica> {
      const own = options.db ?? open();
      const keyring = await openLiveKeyring({ db: own, schema: 'vault', rootKeys, now: () => new Date() });
      const job = startRotationJob({
        db: own,
        settings,
        keyring,
        tables: [sealedValues],
        now: () => new Date(),
        log: silentLogger,
        record: (tx, rotation) => record(tx, rotation, 'finished'),
        onFinished: () => undefined,
        pollMs: 50,
        ...options,
      });
      jobs.push(job);
      const rotate = async () => {
        const { rotation } = await startRotation({
          db: own,
          schema: 'vault',
          rootKeys,
          tables: [sealedValues],
          newId: randomUUID,
          now: () => new Date(),
          startedBy: 'somebody',
          record: (tx, started) => record(tx, started, 'started'),
        });
        await job.wake();
        return rotation;
      };
      return { db: own, keyring, job, rotate };
    },
    isFinished: async () => (await findLastRotation(db))?.finishedAt !== undefined,
    records: async () =>
      (await db.query<{ what: string }>('SELECT what FROM records ORDER BY ctid')).map(({ what }) => what),
    async stop() {
      await Promise.all(jobs.map(job => job.stop()));
      await Promise.all(opened.map(each => each.close()));
      await database.close();
    },
  };
}

export type Installation = Awaited<ReturnType<typeof startInstallation>>;

function expectUnfinished(finishedAt: Date | undefined): void {
  if (finishedAt !== undefined) throw new Error('it was on the record before');
}
