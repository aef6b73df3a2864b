import { AUDIT_EVENTS } from '@strongroom/contracts/audit';
import type { Caller, RequestInfo } from '@strongroom/contracts/caller';
import { invalidField, unauthenticated } from '@strongroom/errors/common-errors';
import type { AuthContext } from '../context.ts';
import { peopleOnly } from '../domain/errors.ts';
import type { User } from '../domain/user.ts';
import { findUser } from '../store/users.ts';
import { admitPassword, comparePassword, signInRefused } from './authenticate-person.ts';
import { hashOtherPassword, storePassword, type PasswordChange } from './new-password.ts';

export interface OwnPasswordInput {
  current: string;
  next: string;
}

const PROPERTY = 'new_password';

/** PUT /auth/api/v1/password (contract 1.7). A stolen session is not enough: the current one is asked for. */
export async function changeOwnPassword(
  ctx: AuthContext,
  caller: Caller,
  request: RequestInfo,
  { current, next }: OwnPasswordInput,
): Promise<void> {
  if (caller.kind !== 'user') throw peopleOnly();
  const user = await findUser(ctx.db, caller.id);
  if (user === undefined) throw unauthenticated();
  await admitPassword(ctx, request, user.username);
  const wrong = () => invalidField('current_password', 'The current password is wrong');
  if (!(await comparePassword(ctx, request, user.username, current, user.passwordHash))) {
    await ctx.audit.write({
      type: AUDIT_EVENTS.userLoginFailed,
      caller,
      request,
      message: { reason: 'the current password was wrong' },
    });
    throw wrong();
  }
  const passwordHash = await hashOtherPassword(ctx, user, next, PROPERTY);
  const change = { passwordHash, exceptSessionId: caller.sessionId };
  if (!(await store(ctx, request, user, change, caller))) throw wrong();
}

/**
 * For a login: the person has just proved the old password, must change it, and gives a new one. Property of
 * what the policy finds: `new_password`. Every other sign-in of the person, begun or complete, ends. Returns the
 * person as changed.
 */
export async function changeExpiredPassword(
  ctx: AuthContext,
  request: RequestInfo,
  user: User,
  newPassword: string,
  exceptRequest: Buffer,
): Promise<User> {
  const passwordHash = await hashOtherPassword(ctx, user, newPassword, PROPERTY);
  // Of two who change it at once, one proved a password that holds no more.
  if (!(await store(ctx, request, user, { passwordHash, exceptRequest }))) throw signInRefused();
  return { ...user, passwordHash, passwordSetAt: ctx.now(), passwordChangeRequired: false };
}

async function store(
  ctx: AuthContext,
  request: RequestInfo,
  user: User,
  change: Pick<PasswordChange, 'passwordHash' | 'exceptSessionId' | 'exceptRequest'>,
  caller?: Caller,
): Promise<boolean> {
  const changed = await ctx.db.transaction(async tx => {
    const next = { ...change, passwordChangeRequired: false, by: user.id };
    if (!(await storePassword(ctx, tx, user, next))) return false;
    await ctx.audit.append(tx, {
      type: AUDIT_EVENTS.passwordChanged,
      ...(caller === undefined ? {} : { caller }),
      request,
      message: { subjectID: user.id, subject: user.username },
    });
    return true;
  });
  ctx.ring();
  return changed;
}
