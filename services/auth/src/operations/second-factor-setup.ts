import { toDataURL } from 'qrcode';
import type { Act } from '@strongroom/audit/audit';
import { AUDIT_EVENTS } from '@strongroom/contracts/audit';
import type { Queryable } from '@strongroom/db/database';
import type { AuthContext } from '../context.ts';
import { userNotFound, noSecondFactor, totpExists, totpNotFound } from '../domain/errors.ts';
import { openSecret, sealSecret } from '../domain/sealed-secret.ts';
import {
  confirmTotpSeed,
  deleteIdleRecoveryCodes,
  deleteTotpSeed,
  findSecondFactors,
  findTotpSeed,
  lockUsers,
  startTotpSeed,
} from '../store/second-factors.ts';
import { issueRecoveryCodes } from './recovery-codes.ts';
import { TOTP_COLUMN } from './second-factor.ts';
import { makeTotpSeed, matchTotpStep, totpUri } from './totp.ts';

/** Who asks, for the trail. Before there is a session it is the request alone. */
export type Origin = Pick<Act, 'caller' | 'request'>;

/** What an authenticator app is given. It is shown this once. */
export interface TotpSetup {
  readonly seed: string;
  readonly uri: string;
  /** A PNG as a data URL. */
  readonly qrCode: string;
}

/** Makes a seed, which counts once a code proved that an app has it. */
export async function startTotp(
  ctx: AuthContext,
  user: { readonly id: string; readonly username: string },
  origin: Origin = {},
): Promise<TotpSetup> {
  const seed = makeTotpSeed();
  const uri = totpUri(ctx.config.issuer, user.username, seed);
  const qrCode = await toDataURL(uri);
  await ctx.keyring.sealing(() => {
    const sealed = sealSecret(ctx.keyring, TOTP_COLUMN, user.id, seed);
    return ctx.db.transaction(async tx => {
      await requireOwner(tx, user.id);
      if (!(await startTotpSeed(tx, user.id, sealed))) throw totpExists();
      await ctx.audit.append(tx, change(user.id, 'authenticator app shown', origin));
    });
  });
  ctx.ring();
  return { seed, uri, qrCode };
}

/**
 * Turns the seed on. Returns recovery codes, none when the person has some; undefined when the code is wrong or
 * nothing was started.
 */
export async function confirmTotp(
  ctx: AuthContext,
  userId: string,
  code: string,
  origin: Origin = {},
): Promise<readonly string[] | undefined> {
  const seed = await findTotpSeed(ctx.db, userId);
  if (seed === undefined || seed.isConfirmed) return undefined;
  const opened = await openSecret(ctx.keyring, TOTP_COLUMN, userId, seed.sealed);
  const step = matchTotpStep(opened, code, ctx.now());
  if (step === undefined) return undefined;
  const codes = await ctx.db.transaction(async tx => {
    await requireOwner(tx, userId);
    if (!(await confirmTotpSeed(tx, userId, seed.sealed, step, ctx.now()))) return undefined;
    const issued = await issueFirstRecoveryCodes(tx, userId);
    await ctx.audit.append(tx, change(userId, 'authenticator app added', origin));
    return issued;
  });
  ctx.ring();
  return codes;
}

export async function removeTotp(ctx: AuthContext, userId: string, origin: Origin): Promise<void> {
  await ctx.db.transaction(async tx => {
    await requireOwner(tx, userId);
    if (!(await deleteTotpSeed(tx, userId))) throw totpNotFound();
    await deleteIdleRecoveryCodes(tx, userId);
    await ctx.audit.append(tx, change(userId, 'authenticator app removed', origin));
  });
  ctx.ring();
}

/** All anew: the former ones are void, used or not. */
export async function renewRecoveryCodes(
  ctx: AuthContext,
  userId: string,
  origin: Origin,
): Promise<readonly string[]> {
  const codes = await ctx.db.transaction(async tx => {
    await requireOwner(tx, userId);
    const factors = await findSecondFactors(tx, userId);
    if (factors === undefined || (!factors.totp && factors.passkeys === 0)) throw noSecondFactor();
    const issued = await issueRecoveryCodes(tx, userId);
    await ctx.audit.append(tx, change(userId, 'recovery codes renewed', origin));
    return issued;
  });
  ctx.ring();
  return codes;
}

/** Codes for whoever has none left. */
export async function issueFirstRecoveryCodes(tx: Queryable, userId: string): Promise<readonly string[]> {
  const factors = await findSecondFactors(tx, userId);
  return factors === undefined || factors.recoveryCodes > 0 ? [] : issueRecoveryCodes(tx, userId);
}

/** One change of a person's factors at a time. */
export async function requireOwner(tx: Queryable, userId: string): Promise<void> {
  if ((await lockUsers(tx, [userId])).length === 0) throw userNotFound();
}

export const change = (userId: string, what: string, origin: Origin): Act => ({
  type: AUDIT_EVENTS.mfaChanged,
  ...origin,
  message: { targetUserID: userId, change: what },
});
