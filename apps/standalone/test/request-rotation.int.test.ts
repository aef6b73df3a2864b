import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { SecretsManagerContext } from '../../../services/secrets-manager/src/context.ts';
import type { FinishedRotation, Trigger } from '../../../services/secrets-manager/src/domain/rotation.ts';
import { carryOutRotation } from '../../../services/secrets-manager/src/operations/carry-out-rotation.ts';
import { requestRotation } from '../../../services/secrets-manager/src/operations/request-rotation.ts';
import { claimNextRotation } from '../../../services/secrets-manager/src/store/rotations.ts';
import { addHost, startRotationLab, type RotationLab } from './rotation-lab.ts';

/** Who asks for a rotation gets which, and what happens beside when it ends. */

let lab: RotationLab;
let ctx: SecretsManagerContext;
let hostId: string;
const finished: FinishedRotation[] = [];
let isHookBroken = false;

beforeAll(async () => {
  lab = await startRotationLab();
  const manager = await lab.startManager();
  const accounts = Object.fromEntries(
    ['joined', 'released', 'at once', 'later', 'hooked'].map(account => [account, 'x']),
  );
  hostId = await addHost(lab, manager.url, { accounts });
  await manager.stop();
  ctx = await lab.inside({
    openTarget: () => ({ setPassword: () => Promise.resolve(), proves: () => Promise.resolve('opens') }),
    onRotationFinished: [
      async (tx, rotation) => {
        await tx.query('SELECT 1');
        if (isHookBroken) throw new Error('broken');
        finished.push(rotation);
      },
    ],
  });
});
afterAll(() => lab.stop());

const request = (account: string, trigger: Trigger, notBefore?: Date) =>
  ctx.db.transaction(tx =>
    requestRotation(ctx, tx, { hostId, account, trigger, requestedBy: 'test', notBefore }),
  );
async function claim() {
  const rotation = await claimNextRotation(ctx.db, 60_000);
  if (rotation === undefined) throw new Error('nothing is due');
  return rotation;
}
const carryOut = async () => carryOutRotation(ctx, await claim(), new AbortController().signal);

test('a second request is the first one, as long as that is not finished', async () => {
  const id = await request('joined', 'schedule');
  expect(await request('joined', 'request')).toBe(id);
  await carryOut();
  expect(finished.pop()).toMatchObject({ id, hostId, account: 'joined', outcome: 'succeeded', reason: '' });
  const next = await request('joined', 'request');
  expect(next).not.toBe(id);
  await carryOut();
  expect(finished.pop()).toMatchObject({ id: next, trigger: 'request' });
});

test('after a release one that has begun does not count: another follows it, and only one', async () => {
  const id = await request('released', 'request');
  const rotation = await claim();
  expect(await request('released', 'request')).toBe(id);
  const next = await request('released', 'release');
  expect(next).not.toBe(id);
  expect(await request('released', 'release')).toBe(next);
  await carryOutRotation(ctx, rotation, new AbortController().signal);
  expect(finished.pop()).toMatchObject({ id });
  // Due at once, and not begun: a further release may join.
  expect(await request('released', 'release')).toBe(next);
  await carryOut();
  expect(finished.pop()).toMatchObject({ id: next, trigger: 'release', outcome: 'succeeded' });
});

test('of many requests at once one makes the rotation', async () => {
  const ids = await Promise.all(Array.from({ length: 5 }, () => request('at once', 'request')));
  expect(new Set(ids).size).toBe(1);
  await carryOut();
});

test('one that is to wait is brought forward by one that is not', async () => {
  const id = await request('later', 'schedule', new Date(Date.now() + 3_600_000));
  expect(await claimNextRotation(ctx.db, 60_000)).toBeUndefined();
  expect(await request('later', 'request')).toBe(id);
  await carryOut();
});

test('a hook that fails keeps the rotation from being finished, until it does not', async () => {
  const id = await request('hooked', 'request');
  isHookBroken = true;
  await expect(carryOut()).rejects.toThrow('broken');
  isHookBroken = false;
  expect(await lab.superuser.query('SELECT step, outcome FROM rotations WHERE id = $1', [id])).toEqual([
    { step: 'promoting', outcome: null },
  ]);
  await lab.letTimePass();
  await carryOut();
  expect(finished.pop()).toMatchObject({ id, outcome: 'succeeded' });
});

test('an account that is not there cannot be rotated', async () => {
  await expect(request('nobody', 'request')).rejects.toMatchObject({ code: 'OBJECT_NOT_FOUND' });
});
