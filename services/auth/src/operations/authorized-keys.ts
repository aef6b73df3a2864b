import { AUDIT_EVENTS, type AuditEventType } from '@strongroom/contracts/audit';
import type { Caller, RequestInfo } from '@strongroom/contracts/caller';
import type { Queryable } from '@strongroom/db/database';
import { invalidField } from '@strongroom/errors/common-errors';
import type { AuthContext } from '../context.ts';
import {
  readAuthorizedKey,
  type AuthorizedKey,
  type AuthorizedKeyFault,
  type AuthorizedKeyInput,
  type AuthorizedKeyTerms,
} from '../domain/authorized-key.ts';
import { authorizedKeyNotFound, userNotFound } from '../domain/errors.ts';
import {
  deleteAuthorizedKey as deleteRow,
  findAuthorizedKey,
  insertAuthorizedKey,
  updateAuthorizedKey as updateRow,
} from '../store/authorized-keys.ts';
import { lockUser } from '../store/users.ts';
import { requireRightsOver } from './rights-over.ts';

/** Adds a key to a person. */
export async function addAuthorizedKey(
  ctx: AuthContext,
  caller: Caller,
  request: RequestInfo,
  userId: string,
  input: AuthorizedKeyInput,
): Promise<string> {
  const now = ctx.now();
  const terms = accepted(readAuthorizedKey(input, now));
  const id = ctx.newId();
  await ctx.db.transaction(async tx => {
    const user = await lockUser(tx, userId);
    if (user === undefined) throw userNotFound();
    await requireReachOf(tx, caller, userId);
    await insertAuthorizedKey(tx, {
      ...terms,
      id,
      userId,
      username: user.username,
      sourceId: user.sourceId,
      createdAt: now,
      createdBy: caller.id,
      updatedAt: now,
      updatedBy: caller.id,
    });
    await tell(ctx, tx, AUDIT_EVENTS.authorizedKeyAdded, caller, request, { userId, id });
  });
  ctx.ring();
  return id;
}

/** Replaces the key by what the body says; a body without `public_key` keeps the key itself. */
export async function updateAuthorizedKey(
  ctx: AuthContext,
  caller: Caller,
  request: RequestInfo,
  userId: string,
  id: string,
  input: AuthorizedKeyInput,
): Promise<void> {
  const now = ctx.now();
  await ctx.db.transaction(async tx => {
    const current = (await lockUser(tx, userId)) ? await findAuthorizedKey(tx, userId, id) : undefined;
    if (current === undefined) throw authorizedKeyNotFound();
    const terms = accepted(readAuthorizedKey(input, now, current.key));
    await requireReachOf(tx, caller, userId);
    const next: AuthorizedKey = { ...current, ...terms, updatedAt: now, updatedBy: caller.id };
    if (!(await updateRow(tx, next))) throw authorizedKeyNotFound();
    await tell(ctx, tx, AUDIT_EVENTS.authorizedKeyModified, caller, request, { userId, id });
  });
  ctx.ring();
}

export async function deleteAuthorizedKey(
  ctx: AuthContext,
  caller: Caller,
  request: RequestInfo,
  userId: string,
  id: string,
): Promise<void> {
  await ctx.db.transaction(async tx => {
    if (!(await deleteRow(tx, userId, id))) throw authorizedKeyNotFound();
    await tell(ctx, tx, AUDIT_EVENTS.authorizedKeyRemoved, caller, request, { userId, id });
  });
  ctx.ring();
}

/** Whoever adds a key to somebody else signs in as him. */
async function requireReachOf(tx: Queryable, caller: Caller, userId: string): Promise<void> {
  if (caller.id !== userId) await requireRightsOver(tx, caller, [userId]);
}

function accepted(terms: AuthorizedKeyTerms | AuthorizedKeyFault): AuthorizedKeyTerms {
  if ('property' in terms) throw invalidField(terms.property, terms.message, 'VALUE_INCORRECT_FORMAT');
  return terms;
}

const tell = (
  ctx: AuthContext,
  tx: Queryable,
  type: AuditEventType,
  caller: Caller,
  request: RequestInfo,
  { userId, id }: { userId: string; id: string },
) => ctx.audit.append(tx, { type, caller, request, message: { targetUserID: userId, authorizedKeyID: id } });
