import type { Queryable } from '@strongroom/db/database';
import type { MonitorContext } from '../context.ts';
import { EMPTY_HEAD, type Chain } from '../domain/chain.ts';
import { findChainKeys, insertChainKey, lockChainKeys } from '../store/chain-keys.ts';
import { insertHead } from '../store/chain.ts';
import { dropUnchainedEvents, hasUnchainedEvents, takeUnchainedEvents } from '../store/unchained-events.ts';
import { appendToChain, type ChainContext } from './append-to-chain.ts';

/** Ends the start with a message for the operator. */
export class WrongAuditKeyError extends Error {
  override readonly name = 'WrongAuditKeyError';
  readonly code = 'CONFIGURATION_ERROR';
}

/**
 * The boot self-test, to be run before any migration: a start with another audit key must change nothing. A database
 * without a chain yet passes.
 */
export async function checkAuditKey(db: Queryable, chain: Chain): Promise<void> {
  const known = await findChainKeys(db);
  if (known !== undefined) refuseOtherKey(known, chain);
}

function refuseOtherKey(known: { ids: readonly string[]; hasBatches: boolean }, { keyId }: Chain): void {
  const [id] = known.ids;
  if (id === keyId || (id === undefined && !known.hasBatches)) return;
  const written = id === undefined ? 'one whose name somebody removed from chain_keys' : `key ${id}`;
  throw new WrongAuditKeyError(
    `The audit key given is key ${keyId}, but the audit trail is chained under ${written}. Nothing was changed. ` +
      'Put the audit key back from where it was kept (audit.key, or STRONGROOM_AUDIT_KEY_FILE): without it the ' +
      'trail can neither be extended nor verified.',
  );
}

/** Begins the chain on a new database, and takes the records from before it into it. */
export async function openChain(ctx: ChainContext): Promise<void> {
  await ctx.db.transaction(async tx => {
    await lockChainKeys(tx);
    const known = await findChainKeys(tx);
    if (known === undefined) throw new Error('the table of chain keys is missing');
    refuseOtherKey(known, ctx.chain);
    if (known.ids.length > 0) return;
    await insertChainKey(tx, ctx.chain.keyId, ctx.now());
    await insertHead(tx, { ...EMPTY_HEAD, mac: ctx.chain.headMac(EMPTY_HEAD) });
  });
  if (await hasUnchainedEvents(ctx.db)) await adoptUnchained(ctx);
}

const AT_ONCE = 2_000;

/**
 * Batch by batch, so that a start that was cut off goes on where it stood. Replicas that start at once take turns under
 * the lock, and none consumes before all is adopted: the old records stay ahead of the new.
 */
async function adoptUnchained(ctx: Pick<MonitorContext, keyof ChainContext>): Promise<void> {
  for (let adopted = 0; ;) {
    const count = await ctx.db.transaction(async tx => {
      await lockChainKeys(tx);
      if (!(await hasUnchainedEvents(tx))) return 0;
      const records = await takeUnchainedEvents(tx, AT_ONCE);
      if (records.length > 0) await appendToChain(ctx, tx, records);
      else await dropUnchainedEvents(tx);
      return records.length;
    });
    adopted += count;
    if (count === 0) {
      ctx.log.info('records from before the audit chain are in it', { adopted });
      return;
    }
  }
}
