import { AUDIT_EVENTS } from '@strongroom/contracts/audit';
import type { SecretsManagerContext } from '../context.ts';
import { whitelistInUse, whitelistNotFound } from '../domain/errors.ts';
import { requireValidPatterns, type Whitelist, type WhitelistSettings } from '../domain/whitelist.ts';
import {
  deleteWhitelist as deleteRow,
  insertWhitelist,
  isWhitelistUsed,
  lockWhitelist,
  updateWhitelist as updateRow,
} from '../store/whitelists.ts';
import { changeOnRecord, type By } from '@strongroom/audit/change-on-record';

export async function createWhitelist(
  ctx: SecretsManagerContext,
  by: By,
  settings: WhitelistSettings,
): Promise<string> {
  requireValidPatterns(settings);
  const id = ctx.newId();
  await changeOnRecord(ctx, by, async tx => {
    const now = ctx.now();
    const actor = by.caller.id;
    const stamps = { createdAt: now, createdBy: actor, updatedAt: now, updatedBy: actor };
    await insertWhitelist(tx, { ...settings, id, ...stamps });
    return { type: AUDIT_EVENTS.whitelistAdded, message: told({ id, name: settings.name }) };
  });
  return id;
}

/** Replaces the whitelist by what the body says. */
export async function updateWhitelist(
  ctx: SecretsManagerContext,
  by: By,
  id: string,
  settings: WhitelistSettings,
): Promise<void> {
  requireValidPatterns(settings);
  await changeOnRecord(ctx, by, async tx => {
    const next = { ...settings, id, updatedAt: ctx.now(), updatedBy: by.caller.id };
    if (!(await updateRow(tx, next))) throw whitelistNotFound();
    return { type: AUDIT_EVENTS.whitelistModified, message: told(next) };
  });
}

/** One that an account on a host is held to stays: without it the account would be held to nothing. */
export async function deleteWhitelist(ctx: SecretsManagerContext, by: By, id: string): Promise<void> {
  await changeOnRecord(ctx, by, async tx => {
    const whitelist = await lockWhitelist(tx, id);
    if (whitelist === undefined) throw whitelistNotFound();
    if (await isWhitelistUsed(tx, id)) throw whitelistInUse();
    await deleteRow(tx, id);
    return { type: AUDIT_EVENTS.whitelistRemoved, message: told(whitelist) };
  });
}

const told = ({ id, name }: Pick<Whitelist, 'id' | 'name'>) => ({ whitelistID: id, whitelist: name });
