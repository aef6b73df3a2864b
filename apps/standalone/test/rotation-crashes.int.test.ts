import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { SecretsManagerContext } from '../../../services/secrets-manager/src/context.ts';
import { hostAccount } from '../../../services/secrets-manager/src/domain/account-path.ts';
import {
  candidateName,
  credentialName,
} from '../../../services/secrets-manager/src/domain/credential-names.ts';
import { carryOutRotation } from '../../../services/secrets-manager/src/operations/carry-out-rotation.ts';
import { requestRotation } from '../../../services/secrets-manager/src/operations/request-rotation.ts';
import { claimNextRotation } from '../../../services/secrets-manager/src/store/rotations.ts';
import { TargetError } from '../../../services/secrets-manager/src/targets/target-error.ts';
import type { Target } from '../../../services/secrets-manager/src/targets/target.ts';
import { Crash, dyingReplica } from './dying-replica.ts';
import { addHost, startRotationLab, type RotationLab } from './rotation-lab.ts';

/**
 * Rotations whose process dies before or after any of its effects, on a host that misbehaves: at no time has the account
 * a password that vault does not know, and in the end it has the newest one there.
 */

/** What the host does when it is told a new password, and when somebody signs in. */
const SETTING = ['sets', 'sets and breaks off', 'breaks off', 'refuses', 'says that it did'] as const;
const PROVING = ['answers', 'breaks off', 'refuses all', 'refuses by silence'] as const;

interface Behaviour {
  readonly setting: (typeof SETTING)[number];
  readonly proving: (typeof PROVING)[number];
}

interface Host {
  password: string;
  behaviour: Behaviour;
}

const WELL: Behaviour = { setting: 'sets', proving: 'answers' };

const targetOf = (host: Host): Target => ({
  setPassword(change) {
    const { setting } = host.behaviour;
    if (setting === 'sets' || setting === 'sets and breaks off') host.password = change.newPassword;
    if (setting === 'refuses') return Promise.reject(new TargetError('policy-refused'));
    if (setting.endsWith('breaks off'))
      return Promise.reject(new TargetError('connection-lost', {}, 'unknown'));
    return Promise.resolve();
  },
  proves(_account, password) {
    const { proving } = host.behaviour;
    if (proving === 'breaks off') return Promise.reject(new TargetError('connection-lost'));
    if (proving === 'refuses all') return Promise.resolve('refused');
    if (password === host.password) return Promise.resolve('opens');
    return proving === 'answers' ? Promise.resolve('refused') : Promise.reject(new TargetError('timeout'));
  },
});

let lab: RotationLab;
let replica: SecretsManagerContext;
let hostId: string;
const accounts = Array.from({ length: 400 }, (_, index) => `account ${index}`);
const initialOf = (account: string) => `initial of ${account}`;

beforeAll(async () => {
  lab = await startRotationLab();
  const manager = await lab.startManager();
  hostId = await addHost(lab, manager.url, {
    accounts: Object.fromEntries(accounts.map(account => [account, initialOf(account)])),
    policy: { number_of_retries: 100, max_versions: 2 },
  });
  await manager.stop();
  replica = await lab.inside();
});
afterAll(() => lab.stop());

function nextAccount(): string {
  const account = accounts.pop();
  if (account === undefined) throw new Error('no accounts are left');
  return account;
}

const request = (account: string) =>
  replica.db.transaction(tx =>
    requestRotation(replica, tx, {
      ...hostAccount(hostId, account),
      trigger: 'request',
      requestedBy: 'test',
    }),
  );

/** A replica takes up what is due, and dies at this moment. Returns how many moments it lived through. */
async function run(host: Host, behaviour: Behaviour, moment: number): Promise<number> {
  await lab.letTimePass();
  const rotation = await claimNextRotation(replica.db, 60_000);
  if (rotation === undefined) throw new Error('nothing is due');
  host.behaviour = behaviour;
  const { ctx, moments } = dyingReplica(replica, moment, () => targetOf(host));
  await carryOutRotation(ctx, rotation, new AbortController().signal).catch((error: unknown) => {
    if (!(error instanceof Crash)) throw error;
  });
  return moments();
}

async function stateOf(account: string): Promise<{ step: string; outcome: string | null }> {
  const [row] = await lab.superuser.query<{ step: string; outcome: string | null }>(
    'SELECT step, outcome FROM rotations WHERE account = $1 ORDER BY created_at DESC LIMIT 1',
    [account],
  );
  if (row === undefined) throw new Error('there is no rotation');
  return row;
}

/** What the platform takes for the password, and what may be it. */
async function known(account: string): Promise<{ current: string; candidate: string | undefined }> {
  const current = await replica.vault.read(credentialName(hostAccount(hostId, account)));
  const candidate = await replica.vault.read(candidateName(hostAccount(hostId, account)));
  return {
    current: current.content?.['password'] ?? initialOf(account),
    candidate: candidate.content?.['password'],
  };
}

async function requireKnown(account: string, host: Host): Promise<void> {
  const { current, candidate } = await known(account);
  expect([current, candidate]).toContain(host.password);
  const { step, outcome } = await stateOf(account);
  if (outcome !== null || step === 'waiting' || step === 'preparing') expect(host.password).toBe(current);
  else if (step === 'promoting') expect(host.password).toBe(candidate);
}

async function untilDone(account: string, host: Host): Promise<void> {
  for (let rounds = 0; (await stateOf(account)).outcome === null; rounds += 1) {
    expect(rounds).toBeLessThan(4);
    await run(host, WELL, Infinity);
  }
  expect(await stateOf(account)).toMatchObject({ outcome: 'succeeded' });
  await requireKnown(account, host);
  expect(host.password).not.toBe(initialOf(account));
}

describe('a process that dies', () => {
  test.each(SETTING)('at each moment, on a host that %s', async setting => {
    let lived: number;
    let moment = 0;
    do {
      const account = nextAccount();
      const host = { password: initialOf(account), behaviour: WELL };
      await request(account);
      lived = await run(host, { setting, proving: 'answers' }, moment);
      await requireKnown(account, host);
      await untilDone(account, host);
    } while (lived === moment++);
    // Of the longest way, or of the shortest.
    expect(moment).toBeGreaterThan(20);
  });

  test('again and again, on a host that does what it likes', async () => {
    const behaviour = fc.record({
      setting: fc.constantFrom(...SETTING),
      proving: fc.constantFrom(...PROVING),
    });
    const runs = fc.array(fc.record({ behaviour, moment: fc.oneof(fc.nat(40), fc.constant(Infinity)) }), {
      minLength: 2,
      maxLength: 6,
    });
    await fc.assert(
      fc.asyncProperty(runs, async steps => {
        const account = nextAccount();
        const host = { password: initialOf(account), behaviour: WELL };
        await request(account);
        for (const { behaviour, moment } of steps) {
          if ((await stateOf(account)).outcome !== null) await request(account);
          await run(host, behaviour, moment);
          await requireKnown(account, host);
        }
        if ((await stateOf(account)).outcome !== null) await request(account);
        await untilDone(account, host);
      }),
      { numRuns: 60, endOnFailure: true },
    );
  });
});

test('a host that takes longer to refuse a password than it is given is settled by the one that opens', async () => {
  const account = nextAccount();
  const host = { password: initialOf(account), behaviour: WELL };
  await request(account);
  const behaviour: Behaviour = { setting: 'breaks off', proving: 'refuses by silence' };
  await run(host, behaviour, Infinity);
  expect(await stateOf(account)).toMatchObject({ step: 'settling' });
  await run(host, behaviour, Infinity);
  expect(await stateOf(account)).toMatchObject({ step: 'waiting' });
  await untilDone(account, host);
});

test('two replicas with one rotation: the one that was overtaken changes nothing more', async () => {
  const account = nextAccount();
  const host = { password: initialOf(account), behaviour: WELL };
  await request(account);
  await lab.letTimePass();
  const overtaken = await claimNextRotation(replica.db, 60_000);
  if (overtaken === undefined) throw new Error('nothing is due');
  expect(await claimNextRotation(replica.db, 60_000)).toBeUndefined();
  await run(host, WELL, Infinity);
  const password = host.password;
  const { ctx } = dyingReplica(replica, Infinity, () => targetOf(host));
  await expect(carryOutRotation(ctx, overtaken, new AbortController().signal)).rejects.toMatchObject({
    name: 'ClaimLost',
  });
  expect(host.password).toBe(password);
  expect(await known(account)).toEqual({ current: password, candidate: password });
});

test('a process that stood still for longer than the deadline does not touch the host any more', async () => {
  const account = nextAccount();
  const host = { password: initialOf(account), behaviour: WELL };
  await request(account);
  await lab.letTimePass();
  const rotation = await claimNextRotation(replica.db, 60_000);
  if (rotation === undefined) throw new Error('nothing is due');
  const { ctx } = dyingReplica(replica, Infinity, () => targetOf(host));
  // Its time is over as soon as it begins.
  const slow = { ...ctx, rotation: { ...ctx.rotation, deadlineMs: 0 } };
  await carryOutRotation(slow, rotation, new AbortController().signal);
  expect(host.password).toBe(initialOf(account));
  expect(await stateOf(account)).toMatchObject({ step: 'waiting' });
  await untilDone(account, host);
});
