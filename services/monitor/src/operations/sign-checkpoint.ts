import { isAuthentic } from '../domain/chain.ts';
import type { MonitorContext } from '../context.ts';
import { readHead } from '../store/chain.ts';
import { findLastCheckpoint, insertCheckpoint } from '../store/checkpoints.ts';

type CheckpointContext = Pick<MonitorContext, 'db' | 'log' | 'now' | 'chain' | 'statements'>;

/**
 * Signs where the chain stands, if it has grown since the last checkpoint and that is `minutes` old. The statement also
 * goes to the log, so that a copy of it is outside of the database: whoever cuts off the end of the trail there, and
 * the checkpoints with it, cannot cut it out of the logs.
 */
export async function signCheckpoint(ctx: CheckpointContext, minutes: number): Promise<void> {
  const last = await findLastCheckpoint(ctx.db);
  const now = ctx.now();
  if (last !== undefined && now.getTime() - last.signedAt.getTime() < minutes * 60_000) return;
  const head = await readHead(ctx.db);
  // What was altered is not signed; `verify` tells of it.
  if (head === undefined || !isAuthentic(ctx.chain, head) || head.number <= (last?.number ?? 0)) return;
  const { number, position } = head;
  const mac = Buffer.from(head.batchMac).toString('base64url');
  const statement = await ctx.statements.signCheckpoint({ number, position, mac }, now);
  if (await insertCheckpoint(ctx.db, { number, position, signedAt: now, statement })) {
    ctx.log.info('audit checkpoint', { number, position, checkpoint: statement });
  }
}
