import { AUDIT_EVENTS } from '@strongroom/contracts/audit';
import type { Caller, RequestInfo } from '@strongroom/contracts/caller';
import { tooLarge } from '@strongroom/errors/common-errors';
import type { AuthContext } from '../context.ts';
import { userNotFound } from '../domain/errors.ts';
import { updateUserSettings as updateRow } from '../store/user-settings.ts';

const MAX_SETTINGS_BYTES = 65_536;

/** Settings belong to the clients; the platform keeps them and reads nothing in them. */
export async function updateUserSettings(
  ctx: AuthContext,
  caller: Caller,
  request: RequestInfo,
  userId: string,
  settings: Readonly<Record<string, unknown>>,
): Promise<void> {
  const text = JSON.stringify(settings);
  if (Buffer.byteLength(text) > MAX_SETTINGS_BYTES) throw tooLarge('The settings exceed 64 KiB');
  await ctx.db.transaction(async tx => {
    if (!(await updateRow(tx, userId, text))) throw userNotFound();
    await ctx.audit.append(tx, {
      type: AUDIT_EVENTS.userSettingsModified,
      caller,
      request,
      message: { targetUserID: userId },
    });
  });
  ctx.ring();
}
