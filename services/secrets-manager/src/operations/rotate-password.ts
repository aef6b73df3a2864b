import { changeOnRecord, type By } from '@strongroom/audit/change-on-record';
import { AUDIT_EVENTS } from '@strongroom/contracts/audit';
import type { SecretsManagerContext } from '../context.ts';
import { accountNotFound, hostDisabled } from '../domain/errors.ts';
import { ENABLED } from '../domain/host.ts';
import { findStoredAccount } from '../store/accounts.ts';
import { findHost } from '../store/hosts.ts';
import { requestRotation } from './request-rotation.ts';

/** Makes a rotation of the account due now. */
export async function rotatePassword(
  ctx: SecretsManagerContext,
  by: By,
  hostId: string,
  account: string,
): Promise<void> {
  const host = await findHost(ctx.db, hostId);
  const stored = await findStoredAccount(ctx.db, hostId, account);
  if (host === undefined || stored?.isRotated !== true) throw accountNotFound();
  if (host.disabled !== ENABLED) throw hostDisabled();
  await changeOnRecord(ctx, by, async tx => {
    const rotationID = await requestRotation(ctx, tx, {
      hostId,
      account,
      trigger: 'request',
      requestedBy: by.caller.id,
    });
    return { type: AUDIT_EVENTS.rotationRequested, message: { hostID: hostId, account, rotationID } };
  });
}
