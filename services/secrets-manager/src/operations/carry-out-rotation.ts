import { randomInt } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { AUDIT_EVENTS } from '@strongroom/contracts/audit';
import { AppError } from '@strongroom/errors/app-error';
import type { SecretsManagerContext } from '../context.ts';
import { generatePassword } from '../domain/password-generator.ts';
import { NotRotatable } from '../domain/rotation-failure.ts';
import type { Rotation, Step } from '../domain/rotation.ts';
import { markInitiated } from '../store/accounts.ts';
import { TargetError } from '../targets/target-error.ts';
import type { Authority, Target } from '../targets/target.ts';
import { promoteCandidate, readCandidate, storeCandidate } from './candidate.ts';
import { readCurrentPassword } from './current-password.ts';
import { describeAccount } from './describe-account.ts';
import type { DescribedAccount } from './described-account.ts';
import * as ends from './finish-rotation.ts';
import { openAccount } from './open-account.ts';
import { advance, busyMs, ClaimLost, HOLD_MS } from './rotation-context.ts';
import { settle, targetFault } from './settle-rotation.ts';

/** One claim of a rotation. */
interface Run {
  readonly ctx: SecretsManagerContext;
  readonly rotation: Rotation;
  readonly described: DescribedAccount;
  readonly target: Target;
  readonly signal: AbortSignal;
}

/**
 * Takes a rotation that this replica has claimed as far as it goes (docs/adr/0032-rotation.md). Whatever is thrown from
 * here, the rotation is where its row says, and whoever claims it next goes on from there.
 */
export async function carryOutRotation(
  ctx: SecretsManagerContext,
  rotation: Rotation,
  signal: AbortSignal,
): Promise<void> {
  const described = await describeAccount(ctx, rotation);
  if (described === undefined) throw new ClaimLost();
  const target = openAccount(ctx, described);
  const run: Run = { ctx, rotation, described, target, signal };
  switch (rotation.step) {
    case 'waiting':
    case 'preparing':
      return begin(run);
    case 'setting':
    case 'proving':
    case 'settling':
      return orPostpone(run, 'settling', () => recover(run));
    case 'promoting':
      return orPostpone(run, 'promoting', () => promoteProved(run));
  }
}

interface Prepared {
  readonly password: string;
  readonly authority: Authority;
  readonly candidateVersion: number;
}

async function begin(run: Run): Promise<void> {
  const { ctx, rotation, described } = run;
  if (!described.mayBegin) return ends.cancel(ctx, rotation);
  let prepared: Prepared | undefined;
  try {
    await orPostpone(run, 'waiting', async () => {
      prepared = await prepare(run);
    });
  } catch (error) {
    if (!(error instanceof NotRotatable)) throw error;
    return ends.failAttempt(ctx, rotation, described.policy, ends.faultOf(error.message));
  }
  if (prepared !== undefined) return setPassword(run, prepared);
}

/** Both passwords are known before the host hears of any. */
async function prepare({ ctx, rotation, described }: Run): Promise<Prepared> {
  const { password: current } = await readCurrentPassword(ctx, rotation);
  const authority = await described.authority(current);
  const password = generatePassword(described.policy, max => randomInt(max));
  const candidateVersion = await storeCandidate(ctx, rotation, described.systemName, password);
  // Only another run of this very rotation writes there.
  if (candidateVersion === undefined) throw new ClaimLost();
  return { password, authority, candidateVersion };
}

async function setPassword(run: Run, { password, authority, candidateVersion }: Prepared): Promise<void> {
  const { ctx, rotation, described, target, signal } = run;
  // From before others may count the time that we have: a process that stood still must not act late.
  const startedMs = performance.now();
  await ctx.db.transaction(async tx => {
    if (!(await markInitiated(tx, rotation))) throw new ClaimLost();
    await advance(tx, rotation, { step: 'setting', details: '', holdMs: busyMs(ctx), candidateVersion });
    await ends.recordRotation(ctx, tx, AUDIT_EVENTS.rotationStarted, rotation);
  });
  const begun = { ...run, rotation: { ...rotation, candidateVersion } };
  const deadlineMs = ctx.rotation.deadlineMs - (performance.now() - startedMs);
  try {
    if (deadlineMs <= 0) throw new TargetError('timeout');
    const change = {
      account: rotation.account,
      by: authority,
      newPassword: password,
      script: described.script,
    };
    await target.setPassword(change, { deadlineMs, signal });
  } catch (error) {
    if (!(error instanceof TargetError)) throw error;
    return failed(begun, error);
  }
  if (!described.policy.verifyAfterRotation) return promote(begun, password);
  await advance(ctx.db, rotation, { step: 'proving', details: '', holdMs: busyMs(ctx) });
  return prove(begun, password);
}

async function failed({ ctx, rotation, described }: Run, error: TargetError): Promise<void> {
  if (error.outcome === 'unknown') return ends.leaveInDoubt(ctx, rotation, targetFault(error));
  if (error.reason === 'aborted') return ends.giveBack(ctx, rotation);
  return ends.failAttempt(ctx, rotation, described.policy, targetFault(error));
}

async function prove(run: Run, password: string): Promise<void> {
  const { ctx, rotation, target, signal } = run;
  try {
    const limits = { deadlineMs: ctx.rotation.deadlineMs, signal };
    if ((await target.proves(rotation.account, password, limits)) === 'refused') {
      await ends.leaveInDoubt(ctx, rotation, REFUSED_AFTERWARDS);
      return;
    }
  } catch (error) {
    if (!(error instanceof TargetError)) throw error;
    return ends.leaveInDoubt(ctx, rotation, targetFault(error));
  }
  return promote(run, password);
}

const REFUSED_AFTERWARDS = ends.faultOf('the host refuses the new password that it had taken');

/** A run that ended, or was given up, while the account may have had either password. What it had begun has ended. */
async function recover(run: Run): Promise<void> {
  const { ctx, rotation, described, target, signal } = run;
  await advance(ctx.db, rotation, { step: 'settling', details: '', holdMs: busyMs(ctx) + HOLD_MS });
  const settled = await settle(ctx, rotation, target, { deadlineMs: ctx.rotation.deadlineMs, signal });
  switch (settled.has) {
    case 'candidate':
      return promote(run, settled.password);
    case 'current':
      return ends.failAttempt(
        ctx,
        rotation,
        described.policy,
        ends.faultOf('the host kept the password that it had'),
      );
    case 'neither':
    case 'unknown':
      return ends.postpone(ctx, rotation, described.policy, {
        step: 'settling',
        fault: settled.fault,
        isAlarming: settled.has === 'neither',
      });
  }
}

/** The account has the candidate: from here on that is what is done, however often it takes. */
async function promote(run: Run, password: string): Promise<void> {
  const { ctx, rotation, described } = run;
  await advance(ctx.db, rotation, { step: 'promoting', details: '', holdMs: HOLD_MS });
  return orPostpone(run, 'promoting', async () => {
    const { systemName, policy } = described;
    const version = await promoteCandidate(ctx, rotation, systemName, password, policy.maxVersions);
    await ends.succeed(ctx, rotation, version);
  });
}

async function promoteProved(run: Run): Promise<void> {
  const password = await readCandidate(run.ctx, run.rotation);
  // Without it nothing is known of the account any more but what its own secret says.
  if (password === undefined) return recover(run);
  return promote(run, password);
}

const VAULT_AWAY = ends.faultOf('vault does not answer, or refuses');

/** Without vault nothing is begun and nothing ended. */
async function orPostpone(
  { ctx, rotation, described }: Run,
  step: Step,
  work: () => Promise<void>,
): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!isVaultAway(error)) throw error;
    ctx.log.warn('a rotation waits for vault', { rotation: rotation.id, reason: causeOf(error) });
    await ends.postpone(ctx, rotation, described.policy, { step, fault: VAULT_AWAY });
  }
}

const isVaultAway = (error: unknown): boolean =>
  error instanceof AppError && error.code === 'INTRA_SERVICE_COMMUNICATION_ERROR';

const causeOf = (error: unknown): string =>
  error instanceof Error && error.cause instanceof Error ? error.cause.message : 'unknown';
