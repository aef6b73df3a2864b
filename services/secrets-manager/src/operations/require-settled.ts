import type { Transaction } from '@strongroom/db/database';
import { rotationUnderWay } from '../domain/errors.ts';
import { lockAccounts } from '../store/accounts.ts';
import { hasUnsettled } from '../store/rotations.ts';

/** What says which of two passwords an account may have must not be deleted. None begins until the transaction ends. */
export async function requireSettled(tx: Transaction, systemId: string): Promise<void> {
  await lockAccounts(tx, systemId);
  if (await hasUnsettled(tx, systemId)) throw rotationUnderWay();
}
