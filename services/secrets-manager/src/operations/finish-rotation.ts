import { AUDIT_EVENTS, type AuditEventType } from '@strongroom/contracts/audit';
import { cloudEvent } from '@strongroom/contracts/cloud-event';
import { ROTATION_ALARM, type RotationAlarm } from '@strongroom/contracts/rotation-events';
import type { Queryable, Transaction } from '@strongroom/db/database';
import { appendEvents } from '@strongroom/outbox/outbox';
import type { SecretsManagerContext } from '../context.ts';
import { inEvents, keyOf, onRecord } from '../domain/account-path.ts';
import type { PasswordPolicy } from '../domain/password-policy.ts';
import { backOffMs, isRetried, retryMs } from '../domain/retry.ts';
import type { Rotation, RotationOutcome, Step } from '../domain/rotation.ts';
import { markFailed, markRotated } from '../store/accounts.ts';
import { finishRotation, insertRotation, releaseRotation } from '../store/rotations.ts';
import { announce } from './request-rotation.ts';
import { ClaimLost } from './rotation-context.ts';

/** What went wrong: `reason` is a text of our own, `details` may show what a script wrote. */
export interface Fault {
  readonly reason: string;
  readonly details: string;
}

export const faultOf = (reason: string): Fault => ({ reason, details: reason });

/** Tells a step in the trail. */
export const recordRotation = (
  ctx: Pick<SecretsManagerContext, 'audit'>,
  tx: Queryable,
  type: AuditEventType,
  rotation: Rotation,
  reason = '',
): Promise<void> =>
  ctx.audit.append(tx, {
    type,
    message: {
      rotationID: rotation.id,
      ...onRecord(rotation),
      trigger: rotation.trigger,
      ...(reason === '' ? {} : { reason }),
    },
  });

/** The account has the new password, and vault knows. */
export async function succeed(
  ctx: SecretsManagerContext,
  rotation: Rotation,
  version: number,
): Promise<void> {
  await ctx.db.transaction(async tx => {
    await markRotated(tx, rotation);
    await recordRotation(ctx, tx, AUDIT_EVENTS.rotationSucceeded, rotation);
    await finish(ctx, tx, rotation, 'succeeded', '', version);
  });
}

/** Nothing was touched, and nothing is to be. */
export async function cancel(ctx: SecretsManagerContext, rotation: Rotation): Promise<void> {
  await ctx.db.transaction(async tx => {
    await recordRotation(ctx, tx, AUDIT_EVENTS.rotationCancelled, rotation);
    await finish(ctx, tx, rotation, 'cancelled', '');
  });
}

/** The account has the password that it had. Tried again after the policy's interval, as often as the policy says. */
export async function failAttempt(
  ctx: SecretsManagerContext,
  rotation: Rotation,
  policy: PasswordPolicy,
  { reason, details }: Fault,
): Promise<void> {
  const failures = rotation.failures + 1;
  await ctx.db.transaction(async tx => {
    await markFailed(tx, rotation, details);
    if (isRetried(policy, failures)) {
      await recordRotation(ctx, tx, AUDIT_EVENTS.rotationAttemptFailed, rotation, reason);
      await release(tx, rotation, 'waiting', details, { failures, waitMs: retryMs(policy) });
    } else {
      await recordRotation(ctx, tx, AUDIT_EVENTS.rotationFailed, rotation, reason);
      await raiseAlarm(ctx, tx, rotation, 'failed', reason);
      await finish(ctx, tx, rotation, 'failed', reason);
    }
  });
}

export interface Postponement {
  /** Where it goes on. */
  readonly step: Step;
  readonly fault: Fault;
  /** Both passwords were refused: no retry is waited for before somebody is told. */
  readonly isAlarming?: boolean;
}

/**
 * For what no number of failures ends: while vault is away nothing can be begun, and an account that may have either of
 * two passwords must be settled.
 */
export async function postpone(
  ctx: SecretsManagerContext,
  rotation: Rotation,
  policy: PasswordPolicy,
  { step, fault: { reason, details }, isAlarming = false }: Postponement,
): Promise<void> {
  const postponements = rotation.postponements + 1;
  const isAlarm = !rotation.alarmRaised && (isAlarming || postponements > policy.numberOfRetries);
  await ctx.db.transaction(async tx => {
    await markFailed(tx, rotation, details);
    if (isAlarm) {
      const isUntouched = step === 'waiting';
      const type = isUntouched ? AUDIT_EVENTS.rotationAttemptFailed : AUDIT_EVENTS.rotationUnsettled;
      await recordRotation(ctx, tx, type, rotation, reason);
      await raiseAlarm(ctx, tx, rotation, isUntouched ? 'failed' : 'unsettled', reason);
    }
    await release(tx, rotation, step, details, {
      postponements,
      alarmRaised: rotation.alarmRaised || isAlarm,
      waitMs: backOffMs(policy, rotation.postponements),
    });
  });
}

/** The host may or may not have taken the candidate. Nobody touches the account before what was begun has ended. */
export async function leaveInDoubt(
  ctx: SecretsManagerContext,
  rotation: Rotation,
  { reason, details }: Fault,
): Promise<void> {
  await ctx.db.transaction(async tx => {
    await markFailed(tx, rotation, details);
    await recordRotation(ctx, tx, AUDIT_EVENTS.rotationAttemptFailed, rotation, reason);
    await release(tx, rotation, 'settling', details, { waitMs: null });
  });
}

/** This replica stops, and nothing was touched: another takes it at once. */
export const giveBack = (ctx: SecretsManagerContext, rotation: Rotation): Promise<void> =>
  release(ctx.db, rotation, 'waiting', 'the replica was stopped', { waitMs: 0 });

async function release(
  tx: Queryable,
  rotation: Rotation,
  step: Step,
  details: string,
  change: { failures?: number; postponements?: number; alarmRaised?: boolean; waitMs: number | null },
): Promise<void> {
  const { failures, postponements, alarmRaised } = rotation;
  const released = { failures, postponements, alarmRaised, ...change, step, details };
  if (!(await releaseRotation(tx, rotation, released))) throw new ClaimLost();
}

async function finish(
  ctx: SecretsManagerContext,
  tx: Transaction,
  rotation: Rotation,
  outcome: RotationOutcome,
  reason: string,
  version?: number,
): Promise<void> {
  const { id, trigger } = rotation;
  const key = keyOf(rotation);
  const finished = await finishRotation(tx, rotation, outcome, reason, version);
  if (finished === undefined) throw new ClaimLost();
  const { requestedAt, nextId, nextTrigger, nextRequestedBy: requestedBy } = finished;
  if (nextId !== null && nextTrigger !== null && requestedBy !== null) {
    await insertRotation(tx, { ...key, id: nextId, trigger: nextTrigger, requestedBy });
    await announce(ctx, tx, nextId);
  }
  for (const hook of ctx.onRotationFinished) {
    await hook(tx, { ...key, id, trigger, outcome, requestedAt, reason });
  }
  tx.afterCommit(() => {
    ctx.metrics.counter('strongroom_rotations_finished_total', 'Rotations that ended', ['outcome'])({
      outcome,
    });
    ctx.ring();
  });
}

async function raiseAlarm(
  ctx: SecretsManagerContext,
  tx: Transaction,
  rotation: Rotation,
  state: RotationAlarm['state'],
  reason: string,
): Promise<void> {
  const data: RotationAlarm = { rotationId: rotation.id, ...inEvents(rotation), state, reason };
  await appendEvents(tx, [cloudEvent(ctx.config.service, ROTATION_ALARM, ctx.newId(), ctx.now(), data)]);
  tx.afterCommit(ctx.ring);
}
