import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { By } from '@strongroom/audit/change-on-record';
import type { SecretsManagerContext } from '../../../services/secrets-manager/src/context.ts';
import type { FinishedRotation, Trigger } from '../../../services/secrets-manager/src/domain/rotation.ts';
import { carryOutRotation } from '../../../services/secrets-manager/src/operations/carry-out-rotation.ts';
import { hostAccount } from '../../../services/secrets-manager/src/domain/account-path.ts';
import { forgetRotations } from '../../../services/secrets-manager/src/operations/forget-rotations.ts';
import { requestRotation } from '../../../services/secrets-manager/src/operations/request-rotation.ts';
import { setPassword } from '../../../services/secrets-manager/src/operations/set-password.ts';
import { claimNextRotation } from '../../../services/secrets-manager/src/store/rotations.ts';
import { addHost, startRotationLab, type RotationLab } from './rotation-lab.ts';

/** Who asks for a rotation gets which, and what happens beside when it ends. */

let lab: RotationLab;
let ctx: SecretsManagerContext;
let hostId: string;
const finished: FinishedRotation[] = [];
let isHookBroken = false;
/** Passwords that the host refuses; undefined: none. */
let refuses: ((password: string) => boolean) | undefined;

beforeAll(async () => {
  lab = await startRotationLab();
  const manager = await lab.startManager();
  const accounts = Object.fromEntries(
    ['joined', 'released', 'at once', 'later', 'hooked', 'in doubt', 'told', 'old'].map(account => [
      account,
      'x',
    ]),
  );
  hostId = await addHost(lab, manager.url, { accounts });
  await manager.stop();
  ctx = await lab.inside({
    openTarget: () => ({
      setPassword: () => Promise.resolve(),
      proves: (_account, password) => Promise.resolve(refuses?.(password) === true ? 'refused' : 'opens'),
    }),
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

const BY: By = {
  caller: {
    id: 'operator',
    kind: 'user',
    name: 'operator',
    sessionId: 'session',
    clientId: 'client',
    roles: [],
    permissions: new Set(['hosts-manage']),
    authTime: 0,
    authMethods: ['pwd'],
  },
  request: { id: 'request', remoteAddress: '192.0.2.1', userAgent: '' },
};

const request = (account: string, trigger: Trigger, notBefore?: Date) =>
  ctx.db.transaction(tx =>
    requestRotation(ctx, tx, { ...hostAccount(hostId, account), trigger, requestedBy: 'test', notBefore }),
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
  expect(finished.pop()).toMatchObject({
    id,
    systemId: hostId,
    account: 'joined',
    outcome: 'succeeded',
    reason: '',
  });
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

/** Its host refuses both passwords; twice, so that it waits for the next try. */
async function leaveUnsettled(account: string): Promise<string> {
  const id = await request(account, 'request');
  refuses = () => true;
  await carryOut();
  await lab.letTimePass();
  await carryOut();
  expect(await claimNextRotation(ctx.db, 60_000)).toBeUndefined();
  return id;
}

test('one that could not be settled is tried again when somebody asks for a rotation', async () => {
  const id = await leaveUnsettled('in doubt');
  refuses = undefined;
  expect(await request('in doubt', 'request')).toBe(id);
  await carryOut();
  expect(finished.pop()).toMatchObject({ id, outcome: 'succeeded' });
});

test('and when somebody tells the password that the account has', async () => {
  const id = await leaveUnsettled('told');
  refuses = password => password !== 'as it was told';
  await setPassword(ctx, BY, hostAccount(hostId, 'told'), 'as it was told');
  await carryOut();
  const state = await lab.superuser.query('SELECT step, outcome FROM rotations WHERE id = $1', [id]);
  expect(state).toEqual([{ step: 'waiting', outcome: null }]);
  refuses = undefined;
  await lab.letTimePass();
  await carryOut();
  expect(finished.pop()).toMatchObject({ id, outcome: 'succeeded' });
});

test('one that somebody has is not taken from him by a request', async () => {
  const id = await request('old', 'request');
  const rotation = await claim();
  expect(await request('old', 'request')).toBe(id);
  expect(await claimNextRotation(ctx.db, 60_000)).toBeUndefined();
  await carryOutRotation(ctx, rotation, new AbortController().signal);
});

test('what ended a quarter of a year ago is forgotten, and nothing else', async () => {
  const count = async () =>
    (await lab.superuser.query<{ count: number }>('SELECT count(*)::integer FROM rotations'))[0]?.count;
  const before = await count();
  await forgetRotations(ctx);
  expect(await count()).toBe(before);
  await lab.superuser.query(
    `UPDATE rotations SET finished_at = finished_at - interval '91 days' WHERE account = 'old'`,
  );
  await forgetRotations(ctx);
  expect(await count()).toBe((before ?? 0) - 1);
});
