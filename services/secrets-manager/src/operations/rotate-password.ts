import { changeOnRecord, type By } from '@strongroom/audit/change-on-record';
import { AUDIT_EVENTS } from '@strongroom/contracts/audit';
import type { SecretsManagerContext } from '../context.ts';
import { onRecord, type AccountKey } from '../domain/account-path.ts';
import { accountNotFound, hostDisabled } from '../domain/errors.ts';
import { findStoredAccount } from '../store/accounts.ts';
import { requestRotation } from './request-rotation.ts';

/** Makes a rotation of the account due now. */
export async function rotatePassword(ctx: SecretsManagerContext, by: By, key: AccountKey): Promise<void> {
  const stored = await findStoredAccount(ctx.db, key);
  if (stored?.isRotated !== true) throw accountNotFound();
  if (!stored.isEnabled) throw hostDisabled();
  await changeOnRecord(ctx, by, async tx => {
    const rotationID = await requestRotation(ctx, tx, {
      ...key,
      trigger: 'request',
      requestedBy: by.caller.id,
    });
    return { type: AUDIT_EVENTS.rotationRequested, message: { ...onRecord(key), rotationID } };
  });
}
