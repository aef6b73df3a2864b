import type { Caller, RequestInfo } from '@strongroom/contracts/caller';
import type { Database, Transaction } from '@strongroom/db/database';
import type { Act, Audit } from './audit.ts';

/** Who asks for a change, and by which request. */
export interface By {
  readonly caller: Caller;
  readonly request: RequestInfo;
}

interface Recorder {
  readonly db: Database;
  readonly audit: Audit;
  /** Wakes the relay. */
  readonly ring: () => void;
}

/** What the record of a change says of it. */
export type Told = Pick<Act, 'type' | 'message'>;

/** Makes a change and its audit record in one transaction. */
export async function changeOnRecord(
  { db, audit, ring }: Recorder,
  { caller, request }: By,
  work: (tx: Transaction) => Promise<Told>,
): Promise<void> {
  await db.transaction(async tx => {
    await audit.append(tx, { ...(await work(tx)), caller, request });
  });
  ring();
}

/**
 * The same for a change that seals something. `work` seals it, and runs again when the key that it sealed by was retired
 * meanwhile.
 */
export const changeSealedOnRecord = (
  ctx: Recorder & {
    readonly keyring: { sealing: (write: () => Promise<void>) => Promise<void> };
  },
  by: By,
  work: (tx: Transaction) => Promise<Told>,
): Promise<void> => ctx.keyring.sealing(() => changeOnRecord(ctx, by, work));
