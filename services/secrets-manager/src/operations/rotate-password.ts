import { changeOnRecord, type By, type Told } from '@strongroom/audit/change-on-record';
import { AUDIT_EVENTS } from '@strongroom/contracts/audit';
import type { Transaction } from '@strongroom/db/database';
import type { SecretsManagerContext } from '../context.ts';
import { onRecord, type AccountKey } from '../domain/account-path.ts';
import { accountDisabled, accountNotFound } from '../domain/errors.ts';
import { findStoredAccount } from '../store/accounts.ts';
import { requestRotation } from './request-rotation.ts';

/** Makes a rotation of the account due now. */
export const rotatePassword = (ctx: SecretsManagerContext, by: By, key: AccountKey): Promise<void> =>
  changeOnRecord(ctx, by, tx => makeDue(ctx, tx, by, key));

/** The same in the caller's transaction; what is to go on the record. */
export async function makeDue(
  ctx: SecretsManagerContext,
  tx: Transaction,
  by: By,
  key: AccountKey,
): Promise<Told> {
  const stored = await findStoredAccount(tx, key);
  if (stored?.isRotated !== true) throw accountNotFound();
  if (!stored.isEnabled) throw accountDisabled();
  const rotationID = await requestRotation(ctx, tx, {
    ...key,
    trigger: 'request',
    requestedBy: by.caller.id,
  });
  return { type: AUDIT_EVENTS.rotationRequested, message: { ...onRecord(key), rotationID } };
}
