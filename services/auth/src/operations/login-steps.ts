import { AUDIT_EVENTS } from '@strongroom/contracts/audit';
import type { RequestInfo } from '@strongroom/contracts/caller';
import type { AuthContext } from '../context.ts';
import {
  firstFactorMissing,
  mfaRequired,
  passwordChangeRequired,
  secondFactorRefused,
  signInExpired,
} from '../domain/sign-in-step.ts';
import type { User } from '../domain/user.ts';
import type { AuthorizationRequest } from '../store/authorization-requests.ts';
import { findUser } from '../store/users.ts';
import { keepSignInChallenge, takeSignInChallenge } from '../store/webauthn-challenges.ts';
import { completeOrAsk, passFactor, requirePending, type CompletedSignIn } from './login.ts';
import { changeExpiredPassword } from './change-password.ts';
import { confirmTotp, startTotp, type TotpSetup } from './second-factor-setup.ts';
import {
  checkRecoveryCode,
  checkTotp,
  checkWebauthn,
  secondFactorsOf,
  webauthnOptions,
  type WebauthnCheck,
} from './second-factor.ts';
import { admitSignIn, recordSignInSuccess } from './sign-in-throttle.ts';

/** The steps after `POST /login`, each with the token of the same authorization request. */

export interface SecondFactorInput {
  readonly token: string;
  readonly totp?: string | undefined;
  readonly recovery_code?: string | undefined;
  readonly webauthn?: WebauthnCheck['response'] | undefined;
}

/** The person who passed the first factor of this request. */
async function requirePerson(
  ctx: AuthContext,
  token: string,
): Promise<{ pending: AuthorizationRequest; user: User }> {
  const pending = await requirePending(ctx, token);
  if (pending.userId === null) throw firstFactorMissing();
  const user = await findUser(ctx.db, pending.userId);
  if (user === undefined || user.isDisabled) throw signInExpired();
  return { pending, user };
}

/** `POST /login/mfa`. Guesses count against the person, from wherever they come. */
export async function passSecondFactor(
  ctx: AuthContext,
  request: RequestInfo,
  input: SecondFactorInput,
): Promise<CompletedSignIn> {
  const { pending, user } = await requirePerson(ctx, input.token);
  const identity = `mfa:${user.id}`;
  await admitSignIn(ctx, identity, request.remoteAddress);
  const method = await checkFactor(ctx, pending, user, input);
  const message = { userID: user.id, username: user.username };
  if (method === undefined) {
    await ctx.audit.write({ type: AUDIT_EVENTS.mfaFailed, request, message });
    throw secondFactorRefused();
  }
  await recordSignInSuccess(ctx, identity, request.remoteAddress);
  await ctx.audit.write({ type: AUDIT_EVENTS.mfaSucceeded, request, message: { ...message, method } });
  const authMethods = [...pending.authMethods, method, 'mfa'];
  return completeOrAsk(ctx, request, { ...pending, authMethods }, user);
}

/** The method that was passed, in the words of RFC 8176. */
async function checkFactor(
  ctx: AuthContext,
  pending: AuthorizationRequest,
  user: User,
  input: SecondFactorInput,
): Promise<string | undefined> {
  if (input.totp !== undefined) return (await checkTotp(ctx, user.id, input.totp)) ? 'otp' : undefined;
  if (input.recovery_code !== undefined) {
    return (await checkRecoveryCode(ctx, user.id, input.recovery_code)) ? 'kba' : undefined;
  }
  if (input.webauthn === undefined) throw mfaRequired(await secondFactorsOf(ctx.db, user));
  const challenge = await takeSignInChallenge(ctx.db, pending.tokenHash);
  if (challenge === undefined) return undefined;
  const passed = await checkWebauthn(ctx, { challenge, userId: user.id, response: input.webauthn });
  return passed === undefined ? undefined : 'hwk';
}

/** `POST /login/mfa/webauthn`: the challenge for one of the person's keys. */
export async function startWebauthn(ctx: AuthContext, token: string): Promise<Record<string, unknown>> {
  const { pending, user } = await requirePerson(ctx, token);
  const { options, challenge } = await webauthnOptions(ctx, user.id);
  await keepSignInChallenge(ctx.db, pending.tokenHash, challenge);
  return options;
}

/** `POST /login/passkey/options`: a challenge for whoever has a passkey here. */
export async function startPasskey(ctx: AuthContext, token: string): Promise<Record<string, unknown>> {
  const pending = await requirePending(ctx, token);
  const { options, challenge } = await webauthnOptions(ctx, undefined);
  await keepSignInChallenge(ctx.db, pending.tokenHash, challenge);
  return options;
}

/** `POST /login/passkey`: a passkey that verified its holder stands for both factors. */
export async function logInByPasskey(
  ctx: AuthContext,
  request: RequestInfo,
  input: { token: string; response: WebauthnCheck['response'] },
): Promise<CompletedSignIn> {
  const pending = await requirePending(ctx, input.token);
  const challenge = await takeSignInChallenge(ctx.db, pending.tokenHash);
  const passed =
    challenge === undefined
      ? undefined
      : await checkWebauthn(ctx, { challenge, userId: undefined, response: input.response });
  const user = passed?.userVerified === true ? await findUser(ctx.db, passed.userId) : undefined;
  if (user === undefined || user.isDisabled || user.isApplication) {
    await ctx.audit.write({
      type: AUDIT_EVENTS.userLoginFailed,
      request,
      message: { reason: 'passkey' },
    });
    throw secondFactorRefused();
  }
  const authMethods = ['hwk', 'user', 'mfa'];
  return completeOrAsk(ctx, request, { ...pending, userId: user.id, authMethods }, user);
}

/** `POST /login/mfa/totp`: for somebody of whom a second factor is demanded and who has none yet. */
export async function startEnrolment(ctx: AuthContext, token: string): Promise<TotpSetup> {
  const { user } = await requirePerson(ctx, token);
  await refuseEnrolled(ctx, user);
  return startTotp(ctx, user);
}

/**
 * `POST /login/mfa/totp/confirm`: the first code proves the set-up. It answers the recovery codes, shown this once,
 * and no authorization code: that lives a minute, and nobody keeps ten codes that fast. `POST /login/continue` ends
 * the sign-in.
 */
export async function confirmEnrolment(
  ctx: AuthContext,
  request: RequestInfo,
  input: { token: string; totp: string },
): Promise<{ recovery_codes: readonly string[] }> {
  const { pending, user } = await requirePerson(ctx, input.token);
  await refuseEnrolled(ctx, user);
  const identity = `mfa:${user.id}`;
  await admitSignIn(ctx, identity, request.remoteAddress);
  const recoveryCodes = await confirmTotp(ctx, user.id, input.totp, { request });
  if (recoveryCodes === undefined) throw secondFactorRefused();
  await recordSignInSuccess(ctx, identity, request.remoteAddress);
  const authMethods = [...pending.authMethods, 'otp', 'mfa'];
  await passFactor(ctx, pending, user.id, authMethods);
  return { recovery_codes: recoveryCodes };
}

/** `POST /login/continue`: whatever is next for the person who passed the factors so far. */
export async function continueSignIn(
  ctx: AuthContext,
  request: RequestInfo,
  token: string,
): Promise<CompletedSignIn> {
  const { pending, user } = await requirePerson(ctx, token);
  return completeOrAsk(ctx, request, pending, user);
}

/** Whoever has a second factor must use it here, not replace it; and nothing else may be missing any more. */
async function refuseEnrolled(ctx: AuthContext, user: User): Promise<void> {
  if (user.passwordChangeRequired) throw passwordChangeRequired();
  const factors = await secondFactorsOf(ctx.db, user);
  if (factors.length > 0) throw mfaRequired(factors);
}

/** `POST /login/password`: the new password of somebody who must change it. */
export async function changePasswordAndLogIn(
  ctx: AuthContext,
  request: RequestInfo,
  input: { token: string; new_password: string },
): Promise<CompletedSignIn> {
  const { pending, user } = await requirePerson(ctx, input.token);
  if (!user.passwordChangeRequired || !pending.authMethods.includes('pwd')) throw firstFactorMissing();
  if (!pending.authMethods.includes('mfa')) {
    const factors = await secondFactorsOf(ctx.db, user);
    if (factors.length > 0) throw mfaRequired(factors);
  }
  const changed = await changeExpiredPassword(ctx, request, user, input.new_password, pending.tokenHash);
  return completeOrAsk(ctx, request, pending, changed);
}
