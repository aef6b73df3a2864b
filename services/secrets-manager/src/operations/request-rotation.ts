import { cloudEvent } from '@strongroom/contracts/cloud-event';
import { ROTATION_DUE, type RotationDue } from '@strongroom/contracts/rotation-events';
import type { Transaction } from '@strongroom/db/database';
import { appendEvents } from '@strongroom/outbox/outbox';
import type { SecretsManagerContext } from '../context.ts';
import type { AccountKey } from '../domain/account-path.ts';
import { accountNotFound } from '../domain/errors.ts';
import type { Trigger } from '../domain/rotation.ts';
import {
  bringForward,
  insertRotation,
  lockUnfinished,
  setNext,
  type UnfinishedRotation,
} from '../store/rotations.ts';

export interface RotationRequest extends AccountKey {
  readonly trigger: Trigger;
  /** Id of who asked, or of the job. */
  readonly requestedBy: string;
  /** Absent: now. */
  readonly notBefore?: Date | undefined;
}

type Requesting = Pick<SecretsManagerContext, 'config' | 'newId' | 'now' | 'ring'>;

/** One that finishes between two statements leaves room for a new one at once. */
const MAX_ROUNDS = 5;

/**
 * Makes a rotation of the account due, in the caller's transaction, and returns its id. An account has one unfinished
 * rotation at most: when there is one, that is the one. Only after a release it does not count when it has begun: what it
 * sets may be known to whoever gave the password back, so another follows it.
 */
export async function requestRotation(
  ctx: Requesting,
  tx: Transaction,
  request: RotationRequest,
): Promise<string> {
  const id = ctx.newId();
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const made = await insertRotation(tx, { id, ...request });
    if (made === 'unknown') throw accountNotFound();
    if (made === 'inserted') {
      await announce(ctx, tx, id, request.notBefore);
      return id;
    }
    const current = await lockUnfinished(tx, request);
    if (current !== undefined) return joinCurrent(ctx, tx, current, id, request);
  }
  throw new Error('an account is rotated again and again');
}

/** The account's password was told, perhaps since a rotation could not be settled: it is tried again now. */
export async function hurryRotation(ctx: Requesting, tx: Transaction, key: AccountKey): Promise<void> {
  const current = await lockUnfinished(tx, key);
  if (current === undefined || current.step === 'waiting') return;
  await bringForward(tx, current.id, undefined);
  await announce(ctx, tx, current.id);
}

async function joinCurrent(
  ctx: Requesting,
  tx: Transaction,
  current: UnfinishedRotation,
  id: string,
  request: RotationRequest,
): Promise<string> {
  if (current.step !== 'waiting' && request.trigger === 'release') {
    if (current.nextId !== null) return current.nextId;
    await setNext(tx, current.id, { ...request, id });
    return id;
  }
  await bringForward(tx, current.id, request.notBefore);
  await announce(ctx, tx, current.id, request.notBefore);
  return current.id;
}

/** What is due later is found by the replicas when it is. */
export async function announce(
  ctx: Requesting,
  tx: Transaction,
  rotationId: string,
  notBefore?: Date,
): Promise<void> {
  const now = ctx.now();
  if (notBefore !== undefined && notBefore > now) return;
  const { service } = ctx.config;
  await appendEvents(tx, [cloudEvent<RotationDue>(service, ROTATION_DUE, ctx.newId(), now, { rotationId })]);
  tx.afterCommit(ctx.ring);
}
