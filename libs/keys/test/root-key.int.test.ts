import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { fingerprint, staticRootKey, type RootKeyProvider } from '@strongroom/crypto/root-key';
import type { Queryable } from '@strongroom/db/database';
import { changeRootKey } from '../src/change-root-key.ts';
import { findKeys, loadKeyring } from '../src/key-store.ts';
import { startRotation } from '../src/start-rotation.ts';
import {
  findValues,
  insertValue,
  newRootKey,
  openRow,
  sealedValues,
  startInstallation,
  type Installation,
} from './support.ts';

let installation: Installation;
beforeEach(async () => {
  installation = await startInstallation();
});
afterEach(() => installation.stop());

const next = newRootKey();
const record = () => Promise.resolve();
const both = () => staticRootKey(installation.rootKey, () => next);
const change = (rootKeys: RootKeyProvider = both(), onRecord: (tx: Queryable) => Promise<void> = record) =>
  changeRootKey({ db: installation.db, schema: 'vault', rootKeys, record: onRecord });
const load = (rootKeys: RootKeyProvider) => loadKeyring(installation.db, 'vault', rootKeys, new Date());
const rotate = (rootKeys: RootKeyProvider) =>
  startRotation({
    db: installation.db,
    schema: 'vault',
    rootKeys,
    tables: [sealedValues],
    newId: randomUUID,
    now: () => new Date(),
    startedBy: 'somebody',
    record,
  });
const rootKeyNames = async () => (await findKeys(installation.db)).map(({ rootKeyName }) => rootKeyName);

describe('a change of the root key', () => {
  test('wraps the same keys anew, so that values open by the new one and no longer by the old one', async () => {
    const replica = await installation.startReplica();
    await insertValue(replica.db, replica.keyring, 1);
    expect(await change()).toEqual({
      from: [fingerprint(installation.rootKey)],
      to: fingerprint(next),
      rewrapped: 1,
      remaining: 0,
    });
    expect(await rootKeyNames()).toEqual([fingerprint(next)]);
    const [value] = await findValues(installation.db);
    const keyring = await load(staticRootKey(next));
    expect(await openRow({ ...replica.keyring, unwrap: keyring.unwrap, have: () => undefined }, value!)).toBe(
      'value 1',
    );
    await expect(load(installation.rootKeys)).rejects.toMatchObject({ name: 'WrongRootKeyError' });
    expect(await change()).toMatchObject({ from: [], rewrapped: 0, remaining: 0 });
  });

  test('wraps both keys of a rotation that runs', async () => {
    const replica = await installation.startReplica();
    await insertValue(replica.db, replica.keyring, 1);
    await replica.job.stop();
    await rotate(installation.rootKeys);
    expect(await change()).toMatchObject({ rewrapped: 2 });
    expect(await rootKeyNames()).toEqual([fingerprint(next), fingerprint(next)]);
    await load(staticRootKey(next));
  });

  test('leaves everything as it was when it cannot be recorded', async () => {
    await load(installation.rootKeys);
    const before = await findKeys(installation.db);
    const failing = change(both(), () => Promise.reject(new Error('no record')));
    await expect(failing).rejects.toThrow('no record');
    expect(await findKeys(installation.db)).toEqual(before);
  });

  test('needs a next root key, and one that opens what is there', async () => {
    await load(installation.rootKeys);
    const before = await findKeys(installation.db);
    await expect(change(installation.rootKeys)).rejects.toMatchObject({ code: 'NEW_ROOT_KEY_MISSING' });
    const wrong = staticRootKey(newRootKey(), () => next);
    await expect(change(wrong)).rejects.toMatchObject({ name: 'WrongRootKeyError' });
    expect(await findKeys(installation.db)).toEqual(before);
  });

  test('and a rotation that begin at once leave no key under the old one', async () => {
    for (let round = 0; round < 5; round += 1) {
      await installation.db.query('DELETE FROM key_rotations');
      await installation.db.query('DELETE FROM key_encryption_keys');
      await load(installation.rootKeys);
      await Promise.all([change(), rotate(both()), change(), rotate(both())]);
      await change();
      expect(new Set(await rootKeyNames())).toEqual(new Set([fingerprint(next)]));
      expect((await load(staticRootKey(next))).activeId).toBe(2);
    }
  });

  test('that another replica made between its two steps is not undone by a rotation', async () => {
    await load(installation.rootKeys);
    const rootKeys = both();
    let isFirst = true;
    // The new key is wrapped by the old root key, and then that is changed.
    const slow: RootKeyProvider = {
      ...rootKeys,
      async wrap(...parameters) {
        const wrapped = await rootKeys.wrap(...parameters);
        if (isFirst) {
          isFirst = false;
          await change();
        }
        return wrapped;
      },
    };
    await rotate(slow);
    expect(await rootKeyNames()).toEqual([fingerprint(next), fingerprint(next)]);
  });

  test('counts a key that came in between, and begins again', async () => {
    await load(installation.rootKeys);
    const rootKeys = both();
    let isFirst = true;
    const slow: RootKeyProvider = {
      ...rootKeys,
      async wrap(...parameters) {
        if (isFirst) {
          isFirst = false;
          await rotate(installation.rootKeys);
        }
        return rootKeys.wrap(...parameters);
      },
    };
    expect(await change(slow)).toMatchObject({ rewrapped: 2, remaining: 0 });
    expect(await rootKeyNames()).toEqual([fingerprint(next), fingerprint(next)]);
  });
});

test('a replica that was not given the new root key serves on, and says that it cannot read the keys', async () => {
  const replica = await installation.startReplica();
  await insertValue(replica.db, replica.keyring, 1);
  await change();
  await expect(replica.keyring.refresh()).rejects.toMatchObject({ name: 'WrongRootKeyError' });
  await insertValue(replica.db, replica.keyring, 2);
  for (const row of await findValues(installation.db)) {
    expect(await openRow(replica.keyring, row)).toBe(`value ${row.id}`);
  }
});
