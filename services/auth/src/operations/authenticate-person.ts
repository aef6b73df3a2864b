import { AUDIT_EVENTS } from '@strongroom/contracts/audit';
import type { RequestInfo } from '@strongroom/contracts/caller';
import { hasErrorCode } from '@strongroom/errors/app-error';
import { OAuthError } from '@strongroom/errors/oauth-error';
import { canonicalName } from '@strongroom/schema/text';
import type { AuthContext } from '../context.ts';
import type { User } from '../domain/user.ts';
import { findUserByName } from '../store/users.ts';
import { admitSignIn, forgetSignIn, recordSignInSuccess } from './sign-in-throttle.ts';

type Authenticator = Pick<AuthContext, 'db' | 'now' | 'audit' | 'passwords'>;

/** One error for everything that can be wrong about a name and a password. */
export const signInRefused = () => new OAuthError('invalid_grant', 'The user name or the password is wrong');

/**
 * Whose password is guessed, in any spelling of the name; apart from what else is guessed of the same person.
 */
export const passwordIdentity = (username: string): string => `password:${canonicalName(username)}`;

/**
 * Who signs in by name and password. Unknown, disabled and without a password look like a wrong one, also in
 * time; so do application accounts, unless the caller serves programs. The caller records the sign-in, looks at a demanded change of the password, and asks for the second
 * factor.
 */
export async function authenticatePerson(
  ctx: Authenticator,
  request: RequestInfo,
  username: string,
  /** Or its readings, where it cannot be told how it was sent: any of them will do, and all are one attempt. */
  password: string | readonly string[],
  { admitsApplications } = { admitsApplications: false },
): Promise<User> {
  await admitPassword(ctx, request, username);
  const user = await findUserByName(ctx.db, username);
  const mayTry = user !== undefined && !user.isDisabled && (admitsApplications || !user.isApplication);
  const hash = mayTry ? user.passwordHash : null;
  const matches = await comparePassword(ctx, request, username, password, hash);
  if (user !== undefined && matches) return user;
  await ctx.audit.write({
    type: AUDIT_EVENTS.userLoginFailed,
    request,
    // What was typed as the name of nobody may be a password that slipped.
    message: user === undefined ? {} : { userID: user.id, username: user.username },
  });
  throw signInRefused();
}

/** Before each comparison. */
export async function admitPassword(
  ctx: Authenticator,
  request: RequestInfo,
  username: string,
): Promise<void> {
  try {
    await admitSignIn(ctx, passwordIdentity(username), request.remoteAddress);
  } catch (error) {
    if (hasErrorCode(error, 'MAX_LOAD')) {
      await ctx.audit.write({ type: AUDIT_EVENTS.signInLimited, request });
    }
    throw error;
  }
}

/** Without a hash (null) it takes as long and is false. */
export async function comparePassword(
  ctx: Authenticator,
  request: RequestInfo,
  username: string,
  password: string | readonly string[],
  hash: string | null,
): Promise<boolean> {
  const identity = passwordIdentity(username);
  let matches: boolean;
  try {
    matches = await matchesAny(ctx, [password].flat(), hash);
  } catch (error) {
    await forgetSignIn(ctx, identity, request.remoteAddress);
    throw error;
  }
  if (matches) await recordSignInSuccess(ctx, identity, request.remoteAddress);
  return matches;
}

async function matchesAny(
  { passwords }: Authenticator,
  readings: readonly string[],
  hash: string | null,
): Promise<boolean> {
  for (const reading of readings) if (await passwords.verify(hash, reading)) return true;
  return false;
}
