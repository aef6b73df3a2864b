import { randomBytes } from 'node:crypto';
import { generateAuthenticationOptions, verifyAuthenticationResponse } from '@simplewebauthn/server';
import type { Queryable } from '@strongroom/db/database';
import type { AuthContext } from '../context.ts';
import {
  CHALLENGE_SECONDS,
  isChallengeFresh,
  makeChallenge,
  requireRelyingParty,
  userHandle,
  type Passkey,
  type PasskeyAssertion,
} from '../domain/passkey.ts';
import { openSecret } from '../domain/sealed-secret.ts';
import {
  findSecondFactors,
  findTotpSeed,
  spendRecoveryCode,
  spendTotpStep,
} from '../store/second-factors.ts';
import { findPasskeyByCredential, findPasskeys, recordPasskeyUse } from '../store/webauthn-credentials.ts';
import { hashRecoveryCode } from './recovery-codes.ts';
import { matchTotpStep } from './totp.ts';

/**
 * What sign-in asks beside the password. None of these functions limits guesses or writes to the trail: the
 * sign-in around them does both, since it knows address and request.
 */

export type SecondFactor = 'totp' | 'webauthn' | 'recovery_code';

/** What the person can answer with; empty when nothing is set up. */
export async function secondFactorsOf(
  db: Queryable,
  user: { readonly id: string },
): Promise<readonly SecondFactor[]> {
  const found = await findSecondFactors(db, user.id);
  if (found === undefined || (!found.totp && found.passkeys === 0)) return [];
  return [
    ...(found.totp ? (['totp'] as const) : []),
    ...(found.passkeys > 0 ? (['webauthn'] as const) : []),
    ...(found.recoveryCodes > 0 ? (['recovery_code'] as const) : []),
  ];
}

/** Longer than a code is accepted: in its own step, and in the ones before and after. */
const TOTP_CLAIM_SECONDS = 120;

export const TOTP_COLUMN = { table: 'users', field: 'totp_seed' } as const;

export async function checkTotp(
  ctx: Pick<AuthContext, 'cache' | 'db' | 'keyring' | 'now'>,
  userId: string,
  code: string,
): Promise<boolean> {
  const seed = await findTotpSeed(ctx.db, userId);
  if (seed?.isConfirmed !== true) return false;
  const opened = await openSecret(ctx.keyring, TOTP_COLUMN, userId, seed.sealed);
  const step = matchTotpStep(opened, code, ctx.now());
  if (step === undefined) return false;
  // Of a race on many replicas one reaches the row. It is the row that knows, since the cache may forget.
  const claim = `totp:${userId}:${step}`;
  if (!(await ctx.cache.claimOnce(claim, TOTP_CLAIM_SECONDS))) return false;
  try {
    return await spendTotpStep(ctx.db, userId, seed.sealed, step);
  } catch (error) {
    // Nobody is locked out of a code that was not used.
    await ctx.cache.release(claim);
    throw error;
  }
}

export async function checkRecoveryCode(
  ctx: Pick<AuthContext, 'db' | 'now'>,
  userId: string,
  code: string,
): Promise<boolean> {
  const hash = hashRecoveryCode(code);
  return hash !== undefined && spendRecoveryCode(ctx.db, userId, hash, ctx.now());
}

/**
 * What the browser needs to ask for a passkey: one of this person, or without a person, one that says itself
 * whose it is and replaces the password. Keep the challenge where only this sign-in finds it, and take it
 * from there once.
 */
export async function webauthnOptions(
  ctx: Pick<AuthContext, 'db' | 'config' | 'now'>,
  userId: string | undefined,
): Promise<{ options: Record<string, unknown>; challenge: string }> {
  const party = requireRelyingParty(ctx.config.issuer);
  const passkeys = userId === undefined ? [] : await findPasskeys(ctx.db, userId);
  const challenge = makeChallenge(ctx.now(), randomBytes(32));
  const options = await generateAuthenticationOptions({
    rpID: party.id,
    challenge: Buffer.from(challenge, 'base64url'),
    timeout: CHALLENGE_SECONDS * 1_000,
    userVerification: userId === undefined ? 'required' : 'preferred',
    ...(userId === undefined ? {} : { allowCredentials: passkeys.map(toDescriptor) }),
  });
  return { options: { ...options }, challenge };
}

export const toDescriptor = ({ credentialId, transports }: Passkey) => ({
  id: credentialId.toString('base64url'),
  transports: [...transports],
});

export interface WebauthnCheck {
  readonly challenge: string;
  /** undefined: the passkey alone says who signs in, so it must have verified the person itself. */
  readonly userId: string | undefined;
  readonly response: PasskeyAssertion;
}

export async function checkWebauthn(
  ctx: Pick<AuthContext, 'db' | 'config' | 'now'>,
  { challenge, userId, response }: WebauthnCheck,
): Promise<{ userId: string; userVerified: boolean } | undefined> {
  const party = requireRelyingParty(ctx.config.issuer);
  if (!isChallengeFresh(challenge, ctx.now())) return undefined;
  const passkey = await findPasskeyByCredential(ctx.db, Buffer.from(response.id, 'base64url'));
  if (passkey === undefined || (userId !== undefined && passkey.userId !== userId)) return undefined;
  // Web Authentication, 7.2, step 6: a passkey that stands alone must name its owner.
  const handle = response.response.userHandle ?? undefined;
  if (handle === undefined ? userId === undefined : !isHandleOf(passkey.userId, handle)) return undefined;

  const verified = await verifyAuthenticationResponse({
    response: { ...response, clientExtensionResults: {}, response: withoutNull(response.response) },
    expectedChallenge: challenge,
    expectedOrigin: party.origin,
    expectedRPID: party.id,
    credential: {
      id: response.id,
      publicKey: new Uint8Array(passkey.publicKey),
      counter: passkey.signCount,
    },
    requireUserVerification: userId === undefined,
    // The library throws for whatever is wrong with the answer; to sign-in it is refused, no matter why.
  }).catch(() => undefined);
  if (verified?.verified !== true) return undefined;
  const { newCounter, userVerified } = verified.authenticationInfo;
  if (!(await recordPasskeyUse(ctx.db, passkey.id, newCounter, ctx.now()))) return undefined;
  return { userId: passkey.userId, userVerified };
}

const isHandleOf = (userId: string, handle: string): boolean =>
  Buffer.from(handle, 'base64url').equals(userHandle(userId));

const withoutNull = ({ clientDataJSON, authenticatorData, signature }: PasskeyAssertion['response']) => ({
  clientDataJSON,
  authenticatorData,
  signature,
});
