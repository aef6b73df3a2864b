import type { By } from '@strongroom/audit/change-on-record';
import { AUDIT_EVENTS } from '@strongroom/contracts/audit';
import { cloudEvent } from '@strongroom/contracts/cloud-event';
import { HEARTBEAT_REFUSED, type HeartbeatRefused } from '@strongroom/contracts/reach-events';
import { appendEvents } from '@strongroom/outbox/outbox';
import type { SecretsManagerContext } from '../context.ts';
import { inEvents, onRecord, type AccountKey } from '../domain/account-path.ts';
import { accountAtRest, accountBusy, accountNotFound } from '../domain/errors.ts';
import type { Heartbeat, HeartbeatStatus, RecordedHeartbeat } from '../domain/heartbeat.ts';
import { nextRotation, placeOf } from '../domain/rotation-schedule.ts';
import {
  claimHeartbeat,
  finishHeartbeat,
  releaseHeartbeat,
  type HeartbeatClaim,
} from '../store/heartbeats.ts';
import { TargetError, type Reason } from '../targets/target-error.ts';
import { readCurrentPassword } from './current-password.ts';
import { describeAccount } from './describe-account.ts';
import type { DescribedAccount } from './described-account.ts';
import { openAccount } from './open-account.ts';

/** Longer than the calls to vault before the sign-in take at most. */
const HOLD_MS = 30_000;

export interface HeartbeatOptions {
  /** Absent: it is due now. Otherwise only if it is due at that time. */
  readonly dueAt?: Date;
  readonly signal?: AbortSignal;
}

/**
 * Signs in to an account with the password that is stored for it, while nobody rotates it, and keeps what comes of it.
 * Undefined: a rotation or another heartbeat is under way, or it is not due.
 */
export async function beat(
  ctx: SecretsManagerContext,
  key: AccountKey,
  { dueAt, signal }: HeartbeatOptions = {},
): Promise<RecordedHeartbeat | undefined> {
  const described = await describeAccount(ctx, key);
  if (described === undefined) throw accountNotFound();
  if (!described.mayBegin) throw accountAtRest();
  const leaseMs = ctx.rotation.deadlineMs + HOLD_MS;
  const claim = await ctx.db.transaction(tx =>
    claimHeartbeat(tx, key, { leaseMs, ...(dueAt === undefined ? {} : { dueAt }) }),
  );
  if (claim === 'absent') throw accountNotFound();
  if (claim === 'busy' || claim === 'early') return undefined;
  let found: Heartbeat;
  try {
    found = await look(ctx, described, signal);
  } catch (error) {
    await releaseHeartbeat(ctx.db, claim);
    throw error;
  }
  return keep(ctx, described, claim, found);
}

/** On demand, and on the record before the host hears of it. */
export async function beatOnDemand(
  ctx: SecretsManagerContext,
  { caller, request }: By,
  key: AccountKey,
): Promise<RecordedHeartbeat> {
  await ctx.audit.write({
    type: AUDIT_EVENTS.heartbeatMade,
    caller,
    request,
    message: onRecord(key),
  });
  const made = await beat(ctx, key);
  if (made === undefined) throw accountBusy();
  return made;
}

const UNREACHABLE: readonly Reason[] = ['unreachable', 'address-refused', 'timeout', 'connection-lost'];

async function look(
  ctx: SecretsManagerContext,
  described: DescribedAccount,
  signal: AbortSignal | undefined,
): Promise<Heartbeat> {
  const { password } = await readCurrentPassword(ctx, described.key);
  if (password === undefined) return { status: 'unknown', details: 'nobody has told its password' };
  try {
    const limits = { deadlineMs: ctx.rotation.deadlineMs, signal };
    const proof = await openAccount(ctx, described).proves(described.key.account, password, limits);
    return { status: proof, details: proof === 'opens' ? '' : 'the host refuses the stored password' };
  } catch (error) {
    // Our own stop says nothing of the host.
    if (!(error instanceof TargetError) || error.reason === 'aborted') throw error;
    const status: HeartbeatStatus = UNREACHABLE.includes(error.reason) ? 'unreachable' : 'unknown';
    const { code } = error.details;
    return { status, details: code === undefined ? error.message : `${error.message} (${code})` };
  }
}

async function keep(
  ctx: SecretsManagerContext,
  { key, systemName }: DescribedAccount,
  claim: HeartbeatClaim,
  found: Heartbeat,
): Promise<RecordedHeartbeat | undefined> {
  const { before } = claim;
  const at = ctx.now();
  const made = { ...found, at };
  const isKept = await ctx.db.transaction(async tx => {
    if (!(await finishHeartbeat(tx, claim, made, nextHeartbeat(ctx, claim, at)))) return false;
    if (found.status !== 'refused' || before === 'refused') return true;
    const data: HeartbeatRefused = { ...inEvents(key), host: systemName };
    await appendEvents(tx, [cloudEvent(ctx.config.service, HEARTBEAT_REFUSED, ctx.newId(), at, data)]);
    await ctx.audit.append(tx, {
      type: AUDIT_EVENTS.heartbeatRefused,
      message: { ...onRecord(key), host: systemName },
    });
    return true;
  });
  ctx.ring();
  return isKept ? made : undefined;
}

/** Spread as rotations are. Null, without an interval: when somebody turns it on. */
function nextHeartbeat(
  { rotation }: Pick<SecretsManagerContext, 'rotation'>,
  claim: HeartbeatClaim,
  at: Date,
): Date | null {
  const intervalMs = rotation.heartbeatIntervalMs;
  return intervalMs === 0 ? null : nextRotation(at, { intervalMs, place: placeOf(claim) });
}
