import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { By } from '@strongroom/audit/change-on-record';
import type { SecretsManagerContext } from '../../../services/secrets-manager/src/context.ts';
import { hostAccount } from '../../../services/secrets-manager/src/domain/account-path.ts';
import { carryOutRotation } from '../../../services/secrets-manager/src/operations/carry-out-rotation.ts';
import { checkOut } from '../../../services/secrets-manager/src/operations/check-out.ts';
import { lookAfterCheckouts } from '../../../services/secrets-manager/src/operations/look-after-checkouts.ts';
import { readCheckout } from '../../../services/secrets-manager/src/operations/read-checkout.ts';
import { releaseCheckout } from '../../../services/secrets-manager/src/operations/release-checkout.ts';
import { settleReleases } from '../../../services/secrets-manager/src/operations/settle-releases.ts';
import { claimNextRotation } from '../../../services/secrets-manager/src/store/rotations.ts';
import { TargetError } from '../../../services/secrets-manager/src/targets/target-error.ts';
import type { Target } from '../../../services/secrets-manager/src/targets/target.ts';
import { addHost, startRotationLab, type RotationLab } from './rotation-lab.ts';

/** Checkouts with rotations as they are and a real vault, on a host that is played. */

const ACCOUNT = 'svc/app 1';
const ROLE = randomUUID();

let lab: RotationLab;
let ctx: SecretsManagerContext;
let hostId: string;
let now = new Date();
const host = { password: 'initial-1', refuses: false };

const target: Target = {
  setPassword(change) {
    if (host.refuses) return Promise.reject(new TargetError('policy-refused'));
    host.password = change.newPassword;
    return Promise.resolve();
  },
  proves: (_account, password) => Promise.resolve(password === host.password ? 'opens' : 'refused'),
};

beforeAll(async () => {
  lab = await startRotationLab();
  const manager = await lab.startManager();
  hostId = await addHost(lab, manager.url, {
    accounts: { [ACCOUNT]: host.password },
    policy: { rotate_on_release: true, number_of_retries: 1, retry_interval: 'PT5M' },
  });
  await manager.stop();
  // Who may use the account; the lab's hosts name nobody.
  await lab.superuser.query(
    `UPDATE hosts SET roles = ARRAY[$2::text],
       document = jsonb_set(document, '{principals,0,roles}', jsonb_build_array(jsonb_build_object('id', $2::text)))
     WHERE id = $1`,
    [hostId, ROLE],
  );
  const inside = await lab.inside({ openTarget: () => target, now: () => now });
  ctx = { ...inside, onRotationFinished: [settleReleases(inside)] };
});
afterAll(() => lab.stop());

function somebody(): By {
  const caller = {
    id: randomUUID(),
    kind: 'user',
    name: 'somebody',
    sessionId: randomUUID(),
    clientId: 'privx-ui',
    roles: [ROLE],
    permissions: new Set<string>(),
    authTime: 0,
    authMethods: [],
  } as const;
  return { caller, request: { id: randomUUID(), remoteAddress: '192.0.2.1', userAgent: '' } };
}

/** What replicas do with all that is due. Returns how often one took something up. */
async function rotate(): Promise<number> {
  for (let claims = 0; ; claims += 1) {
    await lab.letTimePass();
    const rotation = await claimNextRotation(lab.db, 60_000);
    if (rotation === undefined) return claims;
    await carryOutRotation(ctx, rotation, new AbortController().signal);
  }
}

test('an account that was given back is free with a password that nobody knows, and not before', async () => {
  const key = hostAccount(hostId, ACCOUNT);
  const [alice, bob] = [somebody(), somebody()];
  const first = await checkOut(ctx, alice, key);
  expect(first.passwords).toMatchObject([{ version: 0, password: 'initial-1' }]);
  await releaseCheckout(ctx, alice, first.checkout.id);

  host.refuses = true;
  expect(await rotate()).toBe(2);
  expect((await readCheckout(ctx, alice, first.checkout.id)).checkout).toMatchObject({
    state: 'releasing',
    failedRotations: 1,
  });
  await expect(checkOut(ctx, bob, key)).rejects.toMatchObject({ code: 'ACCOUNT_IN_USE' });

  host.refuses = false;
  now = new Date(now.getTime() + 300_000);
  await lookAfterCheckouts(ctx);
  expect(await rotate()).toBe(1);
  expect((await readCheckout(ctx, alice, first.checkout.id)).checkout.state).toBe('released');
  expect(host.password).not.toBe('initial-1');
  const second = await checkOut(ctx, bob, key);
  expect(second.passwords).toMatchObject([{ version: 1, password: host.password }]);

  // Somebody has it changed meanwhile: the holder sees what is in force, and what he had.
  const before = host.password;
  const manager = await lab.startManager();
  await lab.call(manager.url, 'POST', `/secrets-manager/api/v1/set-password/${hostId}/svc%2Fapp%201`, {
    password: 'told-2',
  });
  await manager.stop();
  expect((await readCheckout(ctx, bob, second.checkout.id)).passwords).toMatchObject([
    { version: 2, password: 'told-2' },
    { version: 1, password: before },
  ]);
});
