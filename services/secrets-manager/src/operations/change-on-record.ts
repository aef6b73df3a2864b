import type { Act } from '@strongroom/audit/audit';
import type { Caller, RequestInfo } from '@strongroom/contracts/caller';
import type { Transaction } from '@strongroom/db/database';
import type { SecretsManagerContext } from '../context.ts';

/** Who asks for a change, and by which request. */
export interface By {
  readonly caller: Caller;
  readonly request: RequestInfo;
}

/** Makes a change and its audit record in one transaction. `work` returns what the record says. */
export async function changeOnRecord(
  ctx: Pick<SecretsManagerContext, 'db' | 'audit' | 'ring'>,
  by: By,
  work: (tx: Transaction) => Promise<Pick<Act, 'type' | 'message'>>,
): Promise<void> {
  await ctx.db.transaction(async tx => {
    const act = await work(tx);
    await ctx.audit.append(tx, { ...act, caller: by.caller, request: by.request });
  });
  ctx.ring();
}

/** The same for a change that seals something. `work` seals it, and runs again when the key was retired meanwhile. */
export const changeSealedOnRecord = (
  ctx: Pick<SecretsManagerContext, 'db' | 'audit' | 'ring' | 'keyring'>,
  by: By,
  work: (tx: Transaction) => Promise<Pick<Act, 'type' | 'message'>>,
): Promise<void> => ctx.keyring.sealing(() => changeOnRecord(ctx, by, work));
