import { AUDIT_EVENTS } from '@strongroom/contracts/audit';
import type { Caller, RequestInfo } from '@strongroom/contracts/caller';
import { canonicalName } from '@strongroom/schema/text';
import type { AuthContext } from '../context.ts';
import { accountKindStays, ownPassword, reservedUsername, userNotFound } from '../domain/errors.ts';
import { EVERYONE, isReservedUsername, type User } from '../domain/user.ts';
import {
  addUserRoles,
  deleteUser as deleteRow,
  findUser,
  insertUser,
  lockUser,
  updateUser as updateRow,
} from '../store/users.ts';
import { announceRights, endSessions } from './effects-at-once.ts';
import { requireAnotherAdministrator } from './last-administrator.ts';
import { hashNewPassword, storePassword } from './new-password.ts';
import { rightsOf } from './rights.ts';
import { requireRightsOver } from './rights-over.ts';

export interface LocalUserInput extends Pick<User, 'username' | 'document' | 'tags'> {
  /** Undefined: none, or unchanged. */
  password: string | undefined;
  /** Undefined: false, or unchanged. */
  passwordChangeRequired: boolean | undefined;
  isDisabled: boolean | undefined;
  /** Undefined: a person, or unchanged. It never changes. */
  isApplication: boolean | undefined;
}

const PASSWORD = 'password.password';

export async function createLocalUser(
  ctx: AuthContext,
  caller: Caller,
  request: RequestInfo,
  input: LocalUserInput,
): Promise<string> {
  if (isReservedUsername(input.username)) throw reservedUsername();
  const passwordHash =
    input.password === undefined ? null : await hashNewPassword(ctx, input, input.password, PASSWORD);
  const id = ctx.newId();
  const now = ctx.now();
  await ctx.db.transaction(async tx => {
    await insertUser(tx, {
      id,
      username: input.username,
      document: input.document,
      tags: input.tags,
      passwordHash,
      passwordChangeRequired: input.passwordChangeRequired ?? false,
      isDisabled: input.isDisabled ?? false,
      isApplication: input.isApplication ?? false,
      createdAt: now,
      createdBy: caller.id,
    });
    await addUserRoles(tx, id, [EVERYONE]);
    await requireRightsOver(tx, caller, [id]);
    await ctx.audit.append(tx, {
      type: AUDIT_EVENTS.userAdded,
      caller,
      request,
      message: { subjectID: id, subject: input.username },
    });
  });
  ctx.ring();
  return id;
}

/** Replaces all but the password, unless a new one is given, and the two flags, unless they are given. */
export async function updateLocalUser(
  ctx: AuthContext,
  caller: Caller,
  request: RequestInfo,
  id: string,
  input: LocalUserInput,
): Promise<void> {
  if ((await findUser(ctx.db, id)) === undefined) throw userNotFound();
  if (input.password !== undefined && caller.id === id) throw ownPassword();
  const passwordHash =
    input.password === undefined ? undefined : await hashNewPassword(ctx, input, input.password, PASSWORD);
  const now = ctx.now();
  const subject = { kind: 'user', id } as const;
  const place = { now, address: null };
  await ctx.db.transaction(async tx => {
    const user = await lockUser(tx, id);
    if (user === undefined) throw userNotFound();
    if (input.isApplication !== undefined && input.isApplication !== user.isApplication) {
      throw accountKindStays();
    }
    if (
      canonicalName(user.username) !== canonicalName(input.username) &&
      isReservedUsername(input.username)
    ) {
      throw reservedUsername();
    }
    await requireRightsOver(tx, caller, [id]);
    const before = await rightsOf(tx, subject, place);
    const next: User = {
      ...user,
      username: input.username,
      document: input.document,
      tags: input.tags,
      passwordChangeRequired: input.passwordChangeRequired ?? user.passwordChangeRequired,
      isDisabled: input.isDisabled ?? user.isDisabled,
      updatedAt: now,
      updatedBy: caller.id,
    };
    if (next.isDisabled && !user.isDisabled) await requireAnotherAdministrator(tx, id);
    await updateRow(tx, next);
    // Names and attributes may bring roles (source rules): also those must be the caller's to give.
    await requireRightsOver(tx, caller, [id]);
    await ctx.audit.append(tx, {
      type: AUDIT_EVENTS.userModified,
      caller,
      request,
      message: { subjectID: id, subject: next.username, disabled: String(next.isDisabled) },
    });
    if (passwordHash !== undefined) {
      const { passwordChangeRequired } = next;
      await storePassword(ctx, tx, user, { passwordHash, passwordChangeRequired, by: caller.id });
      await ctx.audit.append(tx, passwordChanged(caller, request, next));
    }
    if (next.isDisabled) await endSessions(ctx, tx, { subjectId: id });
    const after = await rightsOf(tx, subject, place);
    if (JSON.stringify(before) !== JSON.stringify(after)) await announceRights(ctx, tx, [subject]);
  });
  ctx.ring();
}

/** PUT …/password: an administrator or a program sets it for somebody. */
export async function setPassword(
  ctx: AuthContext,
  caller: Caller,
  request: RequestInfo,
  id: string,
  password: string,
): Promise<void> {
  const person = await findUser(ctx.db, id);
  if (person === undefined) throw userNotFound();
  if (caller.id === id) throw ownPassword();
  const passwordHash = await hashNewPassword(ctx, person, password, 'password');
  await ctx.db.transaction(async tx => {
    const user = await lockUser(tx, id);
    if (user === undefined) throw userNotFound();
    await requireRightsOver(tx, caller, [id]);
    const { passwordChangeRequired } = user;
    await storePassword(ctx, tx, user, { passwordHash, passwordChangeRequired, by: caller.id });
    await ctx.audit.append(tx, passwordChanged(caller, request, user));
  });
  ctx.ring();
}

export async function deleteLocalUser(
  ctx: AuthContext,
  caller: Caller,
  request: RequestInfo,
  id: string,
): Promise<void> {
  await ctx.db.transaction(async tx => {
    const user = await lockUser(tx, id);
    if (user === undefined) throw userNotFound();
    await requireRightsOver(tx, caller, [id]);
    await requireAnotherAdministrator(tx, id);
    await deleteRow(tx, id);
    await endSessions(ctx, tx, { subjectId: id });
    await ctx.audit.append(tx, {
      type: AUDIT_EVENTS.userRemoved,
      caller,
      request,
      message: { subjectID: id, subject: user.username },
    });
  });
  ctx.ring();
}

const passwordChanged = (caller: Caller, request: RequestInfo, user: User) => ({
  type: AUDIT_EVENTS.passwordChanged,
  caller,
  request,
  message: { subjectID: user.id, subject: user.username },
});
