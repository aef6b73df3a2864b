import type { Transaction } from '@strongroom/db/database';
import { invalidFields } from '@strongroom/errors/common-errors';
import type { AuthContext } from '../context.ts';
import { samePassword } from '../domain/errors.ts';
import { passwordFault } from '../domain/password-policy.ts';
import type { User } from '../domain/user.ts';
import { deletePasswordResets } from '../store/password-resets.ts';
import { updatePassword } from '../store/users.ts';
import { endSessions } from './effects-at-once.ts';

type Person = Pick<User, 'username' | 'document'>;

type Hashing = Pick<AuthContext, 'passwords' | 'config'>;

/** Hashes a password that obeys the policy. Before any transaction: it takes long. */
export async function hashNewPassword(
  ctx: Hashing,
  person: Person,
  password: string,
  property: string,
): Promise<string> {
  requireGoodPassword(ctx, person, password, property);
  return ctx.passwords.hash(password);
}

/** The same for those who must leave the old one behind. */
export async function hashOtherPassword(
  ctx: Hashing,
  user: User,
  password: string,
  property: string,
): Promise<string> {
  requireGoodPassword(ctx, user, password, property);
  if (user.passwordHash !== null && (await ctx.passwords.verify(user.passwordHash, password))) {
    throw samePassword(property);
  }
  return ctx.passwords.hash(password);
}

function requireGoodPassword(ctx: Hashing, person: Person, password: string, property: string): void {
  const fault = passwordFault(ctx.config.passwordPolicy, password, person);
  if (fault !== undefined) throw invalidFields([{ ...fault, property }]);
}

export interface PasswordChange {
  readonly passwordHash: string;
  readonly passwordChangeRequired: boolean;
  /** Who sets it. */
  readonly by: string;
  /** The session in which the person does it; all others end. */
  readonly exceptSessionId?: string;
  /** The same for a sign-in that is not complete yet. */
  readonly exceptRequest?: Buffer;
}

/** In the transaction of the change, after its row locks. False: another one came first. */
export async function storePassword(
  ctx: Pick<AuthContext, 'cache' | 'config' | 'newId' | 'now'>,
  tx: Transaction,
  user: User,
  { passwordHash, passwordChangeRequired, by, exceptSessionId, exceptRequest }: PasswordChange,
): Promise<boolean> {
  const next = { passwordHash, passwordChangeRequired, updatedAt: ctx.now(), updatedBy: by };
  if (!(await updatePassword(tx, user, next))) return false;
  await deletePasswordResets(tx, user.id);
  await endSessions(ctx, tx, {
    subjectId: user.id,
    ...(exceptSessionId === undefined ? {} : { exceptId: exceptSessionId }),
    ...(exceptRequest === undefined ? {} : { exceptRequest }),
  });
  return true;
}
