import { AUDIT_EVENTS } from '@strongroom/contracts/audit';
import type { Caller, RequestInfo } from '@strongroom/contracts/caller';
import { randomToken } from '@strongroom/crypto/random';
import type { AuthContext } from '../context.ts';
import { ownPassword, resetRefused, userNotFound } from '../domain/errors.ts';
import { digestOf } from '../domain/opaque-token.ts';
import {
  deletePasswordResets,
  findPasswordReset,
  insertPasswordReset,
  usePasswordReset,
} from '../store/password-resets.ts';
import { findUser, lockUser, updateUser } from '../store/users.ts';
import { hashOtherPassword, storePassword } from './new-password.ts';
import { requireRightsOver } from './rights-over.ts';

const LIFETIME_MS = 24 * 60 * 60 * 1_000;

export interface StartedReset {
  /** Shown once. */
  token: string;
  expiresAt: Date;
}

/** An administrator makes a token by which the person sets a new password. An older one is void. */
export async function startPasswordReset(
  ctx: AuthContext,
  caller: Caller,
  request: RequestInfo,
  userId: string,
): Promise<StartedReset> {
  const token = randomToken();
  const now = ctx.now();
  const expiresAt = new Date(now.getTime() + LIFETIME_MS);
  await ctx.db.transaction(async tx => {
    const user = await lockUser(tx, userId);
    if (user === undefined) throw userNotFound();
    if (caller.id === userId) throw ownPassword();
    await requireRightsOver(tx, caller, [userId]);
    await deletePasswordResets(tx, userId);
    await insertPasswordReset(tx, {
      tokenHash: digestOf(token),
      userId,
      createdAt: now,
      createdBy: caller.id,
      expiresAt,
    });
    await updateUser(tx, { ...user, passwordChangeRequired: true, updatedAt: now, updatedBy: caller.id });
    await ctx.audit.append(tx, {
      type: AUDIT_EVENTS.passwordResetStarted,
      caller,
      request,
      message: { subjectID: userId, subject: user.username },
    });
  });
  ctx.ring();
  return { token, expiresAt };
}

/** The person sets the password by the token, without being signed in. All sessions end. */
export async function completePasswordReset(
  ctx: AuthContext,
  request: RequestInfo,
  input: { token: string; newPassword: string },
): Promise<void> {
  const tokenHash = digestOf(input.token);
  const userId = await findPasswordReset(ctx.db, tokenHash, ctx.now());
  const person = userId === undefined ? undefined : await findUser(ctx.db, userId);
  if (person === undefined || person.isDisabled) throw resetRefused();
  // A password that the policy refuses leaves the token good for a better one.
  const passwordHash = await hashOtherPassword(ctx, person, input.newPassword, 'new_password');
  await ctx.db.transaction(async tx => {
    const user = await lockUser(tx, person.id);
    if (user === undefined || user.isDisabled || !(await usePasswordReset(tx, tokenHash)))
      throw resetRefused();
    await storePassword(ctx, tx, user, { passwordHash, passwordChangeRequired: false, by: user.id });
    await ctx.audit.append(tx, {
      type: AUDIT_EVENTS.passwordChanged,
      request,
      message: { subjectID: user.id, subject: user.username, reason: 'password reset' },
    });
  });
  ctx.ring();
}

/** Random tokens need no salt and no slow hash. */
