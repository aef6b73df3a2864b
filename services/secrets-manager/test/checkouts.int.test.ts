import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { CHECKOUT_RELEASE_FAILED } from '@strongroom/contracts/checkout-events';
import { untilBlocked } from '@strongroom/testing/superuser';
import { hostAccount, inEvents } from '../src/domain/account-path.ts';
import type { SecretsManagerContext } from '../src/context.ts';
import { checkOut } from '../src/operations/check-out.ts';
import { lookAfterCheckouts } from '../src/operations/look-after-checkouts.ts';
import { listCheckouts, readCheckout } from '../src/operations/read-checkout.ts';
import { releaseCheckout } from '../src/operations/release-checkout.ts';
import { requestRotation } from '../src/operations/request-rotation.ts';
import {
  addHost,
  addPolicy,
  finishRotation,
  person,
  startCheckoutPlatform,
  type CheckoutPlatform,
  type Person,
} from './checkout-support.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const ROLE = randomUUID();
const ACCOUNT = 'app';

let platform: CheckoutPlatform;
let ctx: SecretsManagerContext;
let other: SecretsManagerContext;
let alice: Person;
let bob: Person;
let admin: Person;

beforeAll(async () => {
  platform = await startCheckoutPlatform();
  ctx = (await platform.replica()).ctx;
  other = (await platform.replica()).ctx;
});
afterAll(() => platform.stop());

beforeEach(() => {
  alice = person([ROLE]);
  bob = person([ROLE]);
  admin = person([], ['hosts-manage']);
});

/** An account with a password in vault. */
async function account(policy: Parameters<typeof addPolicy>[1] = {}) {
  const hostId = await addHost(ctx, await addPolicy(ctx, policy), { [ACCOUNT]: [ROLE] });
  const key = hostAccount(hostId, ACCOUNT);
  platform.vault.put(key, 'plum-1');
  return key;
}

const pass = (ms: number) => {
  platform.clock.now = new Date(platform.clock.now.getTime() + ms);
};
/** As it is stored: reading it through the operation would end one that has run out. */
const stateOf = async (id: string) => {
  const [row] = await platform.superuser.query<{ state: string }>(
    'SELECT state FROM checkouts WHERE id = $1',
    [id],
  );
  return row?.state;
};
const inUse = { code: 'ACCOUNT_IN_USE', kind: 'conflict' };
const unknown = { code: 'OBJECT_NOT_FOUND', kind: 'not_found' };
const unfinished = (hostId: string) =>
  platform.superuser.query<{ id: string; trigger: string }>(
    'SELECT id, trigger FROM rotations WHERE system_id = $1 AND finished_at IS NULL',
    [hostId],
  );
const namesOf = async (checkoutId: string) =>
  (await platform.records())
    .filter(record => record.message['checkoutID'] === checkoutId)
    .map(record => record.name);

describe('an account that one may have at a time', () => {
  test('is shown to who has it, refused to others, and free when it is given back', async () => {
    const key = await account();
    const { checkout, handle, passwords } = await checkOut(ctx, alice.by, key);
    expect(checkout).toMatchObject({ userId: alice.id, state: 'held' });
    expect(checkout.expiresAt.getTime() - checkout.createdAt.getTime()).toBe(HOUR);
    expect(handle).toMatchObject({ systemName: 'Db-7', addresses: ['db-7.example.com'] });
    expect(passwords).toMatchObject([{ version: 1, password: 'plum-1' }]);

    await expect(checkOut(other, bob.by, key)).rejects.toMatchObject(inUse);
    await releaseCheckout(ctx, alice.by, checkout.id);
    expect(await readCheckout(ctx, alice.by, checkout.id)).toMatchObject({
      checkout: { state: 'released' },
      passwords: [],
    });
    expect((await checkOut(other, bob.by, key)).checkout.userId).toBe(bob.id);
    expect(await namesOf(checkout.id)).toEqual([
      'Account-checked-out',
      'Checked-out-secret-read',
      'Checkout-released',
    ]);
  });

  test('goes to one of many who ask at once on two replicas', async () => {
    const key = await account();
    const people = Array.from({ length: 12 }, () => person([ROLE]));
    const answers = await Promise.allSettled(
      people.map(({ by }, index) => checkOut(index % 2 === 0 ? ctx : other, by, key)),
    );
    expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const answer of answers) {
      if (answer.status === 'rejected') expect(answer.reason).toMatchObject(inUse);
    }
  });

  test('asked for again and at once by the same, is one checkout', async () => {
    const key = await account();
    const answers = await Promise.all(
      [ctx, other, ctx, other].map(replica => checkOut(replica, alice.by, key)),
    );
    expect(new Set(answers.map(({ checkout }) => checkout.id)).size).toBe(1);
  });
});

describe('how long and how often', () => {
  test('as many as the policy says have it at once, on two replicas', async () => {
    const key = await account({ maxConcurrentCheckouts: 3 });
    const people = Array.from({ length: 9 }, () => person([ROLE]));
    const answers = await Promise.allSettled(
      people.map(({ by }, index) => checkOut(index % 2 === 0 ? ctx : other, by, key)),
    );
    expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(3);
  });

  test('asking again extends up to what the policy says, from the beginning on, and no further', async () => {
    const key = await account({ maxCheckoutDuration: 'PT2H' });
    const first = (await checkOut(ctx, alice.by, key, 10 * MINUTE)).checkout;
    expect(first.expiresAt.getTime() - first.createdAt.getTime()).toBe(10 * MINUTE);
    pass(5 * MINUTE);
    const second = (await checkOut(ctx, alice.by, key, 30 * MINUTE)).checkout;
    expect(second.id).toBe(first.id);
    expect(second.expiresAt.getTime() - first.createdAt.getTime()).toBe(35 * MINUTE);
    pass(5 * MINUTE);
    const third = (await checkOut(ctx, alice.by, key)).checkout;
    expect(third.expiresAt.getTime() - first.createdAt.getTime()).toBe(2 * HOUR);
    const fourth = (await checkOut(ctx, alice.by, key)).checkout;
    expect(fourth.expiresAt).toEqual(third.expiresAt);
    expect((await namesOf(first.id)).filter(name => name === 'Checkout-extended')).toHaveLength(2);
  });

  test('what has run out is free as soon as somebody asks, and shows nothing any more', async () => {
    const key = await account();
    const { checkout } = await checkOut(ctx, alice.by, key);
    pass(HOUR);
    expect((await listCheckouts(ctx, alice.by.caller, whole)).checkouts).toEqual([]);
    expect((await checkOut(other, bob.by, key)).checkout.userId).toBe(bob.id);
    expect(await readCheckout(ctx, alice.by, checkout.id)).toMatchObject({
      checkout: { state: 'released' },
      passwords: [],
    });
    expect(await namesOf(checkout.id)).toContain('Checkout-expired');
  });

  test('what has run out ends when its holder looks', async () => {
    const { checkout } = await checkOut(ctx, alice.by, await account());
    pass(HOUR);
    expect(await readCheckout(ctx, alice.by, checkout.id)).toMatchObject({
      checkout: { state: 'released' },
      passwords: [],
    });
  });

  test('what has run out ends when nobody asks, once on however many replicas', async () => {
    const { checkout } = await checkOut(ctx, alice.by, await account({ rotateOnRelease: true }));
    pass(HOUR);
    await Promise.all([lookAfterCheckouts(ctx), lookAfterCheckouts(other)]);
    expect(await stateOf(checkout.id)).toBe('releasing');
    expect(await unfinished(checkout.systemId)).toMatchObject([{ trigger: 'release' }]);
    expect((await namesOf(checkout.id)).filter(name => name === 'Checkout-expired')).toHaveLength(1);
  });

  test('an hour later nothing is extended by who had it', async () => {
    const key = await account();
    const { checkout } = await checkOut(ctx, alice.by, key);
    pass(HOUR);
    const again = (await checkOut(ctx, alice.by, key)).checkout;
    expect(again.id).not.toBe(checkout.id);
    expect(await stateOf(checkout.id)).toBe('released');
  });
});

const whole = { descending: false, offset: 0, limit: 100 };

describe('who', () => {
  test('has none of the roles learns nothing, and is on the record', async () => {
    const key = await account();
    for (const nobody of [person(), person([randomUUID()]), admin]) {
      await expect(checkOut(ctx, nobody.by, key)).rejects.toMatchObject(unknown);
      await expect(checkOut(ctx, nobody.by, { ...key, account: 'none' })).rejects.toMatchObject(unknown);
    }
    const refused = (await platform.records()).filter(
      ({ name, message }) => name === 'Checkout-refused' && message['hostID'] === key.systemId,
    );
    expect(refused.map(({ message }) => message['account'])).toEqual([ACCOUNT, ACCOUNT, ACCOUNT]);
  });

  test('knows the id of a checkout of another cannot read, list or release it', async () => {
    const { checkout } = await checkOut(ctx, alice.by, await account());
    await expect(readCheckout(ctx, bob.by, checkout.id)).rejects.toMatchObject(unknown);
    await expect(releaseCheckout(ctx, bob.by, checkout.id)).rejects.toMatchObject(unknown);
    expect((await listCheckouts(ctx, bob.by.caller, whole)).count).toBe(0);
    expect(await stateOf(checkout.id)).toBe('held');
  });

  test('looks after hosts sees who has what without the password, and takes it away', async () => {
    const key = await account();
    const { checkout } = await checkOut(ctx, alice.by, key);
    expect(await readCheckout(ctx, admin.by, checkout.id)).toMatchObject({
      checkout: { id: checkout.id, userId: alice.id },
      passwords: [],
    });
    const both = person([ROLE], ['hosts-manage']);
    expect((await readCheckout(ctx, both.by, checkout.id)).passwords).toEqual([]);
    const { checkouts } = await listCheckouts(ctx, admin.by.caller, whole);
    expect(checkouts.find(each => each.checkout.id === checkout.id)?.passwords).toEqual([]);
    await releaseCheckout(ctx, admin.by, checkout.id);
    expect((await checkOut(ctx, bob.by, key)).checkout.userId).toBe(bob.id);
    expect((await readCheckout(ctx, alice.by, checkout.id)).passwords).toEqual([]);
    expect(await namesOf(checkout.id)).toContain('Checkout-released-by-force');
  });

  test('lost the role, or whose host was disabled, sees the password no more', async () => {
    const key = await account();
    const { checkout } = await checkOut(ctx, alice.by, key);
    const without = { ...alice.by, caller: { ...alice.by.caller, roles: [] } };
    expect((await readCheckout(ctx, without, checkout.id)).passwords).toEqual([]);
    await platform.superuser.query(`UPDATE hosts SET disabled = 'BY_ADMIN' WHERE id = $1`, [key.systemId]);
    expect((await readCheckout(ctx, alice.by, checkout.id)).passwords).toEqual([]);
    await releaseCheckout(ctx, without, checkout.id);
    expect(await stateOf(checkout.id)).toBe('released');
  });

  test('gives it back while his read is under way does not see what is set since', async () => {
    const key = await account();
    const { checkout } = await checkOut(ctx, alice.by, key);
    platform.vault.beforeRead = async () => {
      await releaseCheckout(other, alice.by, checkout.id);
      platform.vault.put(key, 'plum-2');
    };
    expect((await readCheckout(ctx, alice.by, checkout.id)).passwords).toEqual([]);
  });
});

test('after a rotation the holder is shown the new password, then the one that he checked out', async () => {
  const key = await account();
  const { checkout } = await checkOut(ctx, alice.by, key);
  platform.vault.put(key, 'plum-2');
  platform.vault.put(key, 'plum-3');
  expect((await readCheckout(ctx, alice.by, checkout.id)).passwords).toMatchObject([
    { version: 3, password: 'plum-3' },
    { version: 1, password: 'plum-1' },
  ]);
});

describe('an account whose password changes when it is given back', () => {
  const rotating = { rotateOnRelease: true, retryInterval: 'PT5M' };

  test('stays taken until the rotation has succeeded', async () => {
    const key = await account(rotating);
    const { checkout } = await checkOut(ctx, alice.by, key);
    await releaseCheckout(ctx, alice.by, checkout.id);
    await releaseCheckout(ctx, alice.by, checkout.id);
    expect(await unfinished(key.systemId)).toMatchObject([{ trigger: 'release' }]);
    expect(await readCheckout(ctx, alice.by, checkout.id)).toMatchObject({
      checkout: { state: 'releasing' },
      passwords: [],
    });
    for (const who of [bob, alice]) await expect(checkOut(other, who.by, key)).rejects.toMatchObject(inUse);

    await finishRotation(other, key.systemId, ACCOUNT, 'succeeded');
    expect(await stateOf(checkout.id)).toBe('released');
    expect((await checkOut(other, bob.by, key)).checkout.userId).toBe(bob.id);
    expect(await namesOf(checkout.id)).toContain('Checkout-completed');
  });

  test('stays taken when the rotation fails, which is told; it is tried again, and later and later', async () => {
    const key = await account(rotating);
    const { checkout } = await checkOut(ctx, alice.by, key);
    await releaseCheckout(ctx, alice.by, checkout.id);
    for (const [failures, waitMinutes] of [
      [1, 5],
      [2, 10],
      [3, 20],
    ] as const) {
      await finishRotation(ctx, key.systemId, ACCOUNT, 'failed');
      expect((await readCheckout(ctx, alice.by, checkout.id)).checkout).toMatchObject({
        state: 'releasing',
        failedRotations: failures,
      });
      await expect(checkOut(other, bob.by, key)).rejects.toMatchObject(inUse);
      pass(waitMinutes * MINUTE - 1);
      await lookAfterCheckouts(other);
      expect(await unfinished(key.systemId)).toEqual([]);
      pass(1);
      await Promise.all([lookAfterCheckouts(ctx), lookAfterCheckouts(other)]);
      expect(await unfinished(key.systemId)).toHaveLength(1);
    }
    await finishRotation(ctx, key.systemId, ACCOUNT, 'succeeded');
    expect(await stateOf(checkout.id)).toBe('released');
    expect((await namesOf(checkout.id)).filter(name => name === 'Checkout-rotation-failed')).toHaveLength(3);
    const alarms = platform.events().filter(({ type }) => type.endsWith(CHECKOUT_RELEASE_FAILED));
    expect(alarms.map(({ data }) => data)).toEqual(
      [1, 2, 3].map(failures => ({
        checkoutId: checkout.id,
        ...inEvents(key),
        holderId: alice.id,
        failures,
      })),
    );
  });

  test('is freed by any rotation that succeeds after one that failed', async () => {
    const key = await account(rotating);
    const { checkout } = await checkOut(ctx, alice.by, key);
    await releaseCheckout(ctx, alice.by, checkout.id);
    await finishRotation(ctx, key.systemId, ACCOUNT, 'failed');
    const by = { trigger: 'schedule', requestedBy: 'test' } as const;
    await ctx.db.transaction(tx => requestRotation(ctx, tx, { ...key, ...by }));
    await finishRotation(ctx, key.systemId, ACCOUNT, 'succeeded');
    expect(await stateOf(checkout.id)).toBe('released');
  });

  test('is not freed by a rotation that had begun before: its password may have been shown', async () => {
    const key = await account(rotating);
    const { checkout } = await checkOut(ctx, alice.by, key);
    const by = { trigger: 'request', requestedBy: 'test' } as const;
    const begun = await ctx.db.transaction(tx => requestRotation(ctx, tx, { ...key, ...by }));
    await platform.superuser.query(`UPDATE rotations SET step = 'promoting' WHERE id = $1`, [begun]);
    await releaseCheckout(ctx, alice.by, checkout.id);
    await finishRotation(ctx, key.systemId, ACCOUNT, 'succeeded');
    expect(await stateOf(checkout.id)).toBe('releasing');
    // The one that was to follow is lost with its rotation here, as after a fault: somebody looks.
    pass(MINUTE);
    await lookAfterCheckouts(ctx);
    expect(await unfinished(key.systemId)).toHaveLength(1);
    await finishRotation(ctx, key.systemId, ACCOUNT, 'succeeded');
    expect(await stateOf(checkout.id)).toBe('released');
  });

  test('asks for no second rotation while one is to come', async () => {
    const key = await account(rotating);
    const { checkout } = await checkOut(ctx, alice.by, key);
    await releaseCheckout(ctx, alice.by, checkout.id);
    const [asked] = await unfinished(key.systemId);
    // It has begun: whoever asks now would get one more.
    await platform.superuser.query(`UPDATE rotations SET step = 'proving' WHERE id = $1`, [asked?.id]);
    for (let minutes = 0; minutes < 5; minutes += 1) {
      pass(MINUTE);
      await lookAfterCheckouts(ctx);
    }
    expect(await unfinished(key.systemId)).toEqual([asked]);
    const [count] = await platform.superuser.query<{ count: number }>(
      'SELECT count(*)::integer AS count FROM rotations WHERE system_id = $1 AND next_id IS NOT NULL',
      [key.systemId],
    );
    expect(count).toEqual({ count: 0 });
  });

  test('changes once, when the last of several has given it back', async () => {
    const key = await account({ ...rotating, maxConcurrentCheckouts: 2 });
    const first = (await checkOut(ctx, alice.by, key)).checkout.id;
    const last = (await checkOut(other, bob.by, key)).checkout.id;
    await Promise.all([releaseCheckout(ctx, alice.by, first), releaseCheckout(other, bob.by, last)]);
    const states = [await stateOf(first), await stateOf(last)].sort();
    expect(states).toEqual(['released', 'releasing']);
    expect(await unfinished(key.systemId)).toHaveLength(1);
  });

  test('is free when its policy asks for no rotation any more, or nobody changes its password', async () => {
    const policy = await addPolicy(ctx, rotating);
    const hostId = await addHost(ctx, policy, { [ACCOUNT]: [ROLE], second: [ROLE] });
    const ids: string[] = [];
    for (const name of [ACCOUNT, 'second']) {
      const { checkout } = await checkOut(ctx, alice.by, hostAccount(hostId, name));
      await releaseCheckout(ctx, alice.by, checkout.id);
      ids.push(checkout.id);
      await finishRotation(ctx, hostId, name, 'failed');
    }
    await platform.superuser.query(
      `UPDATE accounts SET is_rotated = false WHERE host_id = $1 AND account = 'second'`,
      [hostId],
    );
    await platform.superuser.query(`UPDATE password_policies SET rotate_on_release = false WHERE id = $1`, [
      policy,
    ]);
    pass(5 * MINUTE);
    await lookAfterCheckouts(ctx);
    expect(await Promise.all(ids.map(stateOf))).toEqual(['released', 'released']);
  });

  test('waits for its host to be enabled again', async () => {
    const key = await account(rotating);
    const { checkout } = await checkOut(ctx, alice.by, key);
    await releaseCheckout(ctx, alice.by, checkout.id);
    const disable = (disabled: string) =>
      platform.superuser.query('UPDATE hosts SET disabled = $2 WHERE id = $1', [key.systemId, disabled]);
    await disable('BY_ADMIN');
    await finishRotation(ctx, key.systemId, ACCOUNT, 'cancelled');
    pass(MINUTE);
    await lookAfterCheckouts(ctx);
    expect([await stateOf(checkout.id), await unfinished(key.systemId)]).toEqual(['releasing', []]);
    await disable('false');
    pass(MINUTE);
    await lookAfterCheckouts(ctx);
    await finishRotation(ctx, key.systemId, ACCOUNT, 'succeeded');
    expect(await stateOf(checkout.id)).toBe('released');
  });

  test('is over when its host is deleted', async () => {
    const key = await account(rotating);
    const { checkout } = await checkOut(ctx, alice.by, key);
    await releaseCheckout(ctx, alice.by, checkout.id);
    await platform.superuser.query('DELETE FROM hosts WHERE id = $1', [key.systemId]);
    pass(MINUTE);
    await lookAfterCheckouts(ctx);
    expect(await readCheckout(ctx, alice.by, checkout.id)).toMatchObject({
      checkout: { state: 'released' },
      handle: undefined,
    });
  });

  test('is as before when the replica dies in the middle of the release, and is given back by another', async () => {
    const key = await account(rotating);
    const { checkout } = await checkOut(ctx, alice.by, key);
    const ending = await platform.superuser.transaction(async tx => {
      // The rotation is asked for, the record is not written: the connection goes, as by a kill -9.
      await tx.query('LOCK TABLE outbox IN ACCESS EXCLUSIVE MODE');
      const dying = releaseCheckout(ctx, alice.by, checkout.id).then(
        () => 'answered',
        () => 'died',
      );
      await untilBlocked(platform.superuser);
      await platform.superuser.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%outbox%'`,
      );
      return dying;
    });
    expect(ending).toBe('died');
    expect([await stateOf(checkout.id), await unfinished(key.systemId)]).toEqual(['held', []]);
    await releaseCheckout(other, alice.by, checkout.id);
    expect([await stateOf(checkout.id), (await unfinished(key.systemId)).length]).toEqual(['releasing', 1]);
  });

  test('while the release cannot be recorded, nothing is given back and no rotation asked for', async () => {
    const key = await account(rotating);
    const { checkout } = await checkOut(ctx, alice.by, key);
    await platform.superuser.query('REVOKE INSERT ON outbox FROM strongroom_secrets_manager');
    await expect(releaseCheckout(ctx, alice.by, checkout.id)).rejects.toThrow();
    await expect(readCheckout(ctx, alice.by, checkout.id)).rejects.toMatchObject({
      code: 'AUDIT_UNAVAILABLE',
    });
    await platform.superuser.query('GRANT INSERT ON outbox TO strongroom_secrets_manager');
    expect(await unfinished(key.systemId)).toEqual([]);
    expect(await stateOf(checkout.id)).toBe('held');
  });
});

test('checkouts that ended a month ago are forgotten', async () => {
  const { checkout } = await checkOut(ctx, alice.by, await account());
  await releaseCheckout(ctx, alice.by, checkout.id);
  pass(30 * 24 * HOUR);
  await lookAfterCheckouts(ctx);
  expect(await stateOf(checkout.id)).toBe('released');
  pass(1);
  await lookAfterCheckouts(ctx);
  await expect(readCheckout(ctx, alice.by, checkout.id)).rejects.toMatchObject(unknown);
});

test('no password is in anything that was published or stored', async () => {
  expect(await platform.published()).not.toContain('plum-');
  const rows = await platform.superuser.query<{ text: string }>(
    'SELECT checkouts::text AS text FROM checkouts',
  );
  expect(JSON.stringify(rows)).not.toContain('plum-');
});
