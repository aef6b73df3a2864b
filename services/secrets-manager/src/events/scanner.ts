import { setTimeout as delay } from 'node:timers/promises';
import { repeatEvery } from '@strongroom/service/repeat-every';
import type { SecretsManagerContext } from '../context.ts';
import { planScans } from '../operations/plan-scans.ts';
import { scanDomain } from '../operations/scan-domain.ts';
import { SCAN_LEASE_MS, ScanLost } from '../operations/scan-lease.ts';
import { claimScan, countFailedScans, type ScanClaim } from '../store/scans.ts';

/** Scans are asked for by rows; how soon one of them is seen. */
const LOOK_MS = 2_000;
/** Of one replica: a directory that is slow holds up no other. */
const AT_ONCE = 4;
/** A scan that is stopped is taken up by another replica from its beginning. */
const BREAK_OFF_MS = 3_000;

/**
 * Looks through directories whose scan is asked for or due. Every replica does it: which one has a scan is decided by
 * claiming its row, so there is no leader, and one that dies leaves its scans to the others.
 */
export function startScanner(ctx: SecretsManagerContext, actor: string): { stop: () => Promise<void> } {
  const stopping = new AbortController();
  const running = new Set<Promise<void>>();
  ctx.metrics.gauge('strongroom_scans_failed', 'Target domains whose last scan failed', () =>
    countFailedScans(ctx.db),
  );

  async function claimAll(): Promise<void> {
    while (running.size < AT_ONCE && !stopping.signal.aborted) {
      const claim = await claimScan(ctx.db, SCAN_LEASE_MS);
      if (claim === undefined) return;
      const run = carryOut(ctx, claim, actor, stopping.signal).finally(() => running.delete(run));
      running.add(run);
    }
  }

  const stopLooking = repeatEvery(LOOK_MS, claimAll, error =>
    ctx.log.error('no scan could be claimed', error),
  );
  const stopPlanning = repeatEvery(
    ctx.rotation.tickMs,
    () => planScans(ctx),
    error => ctx.log.error('scans could not be planned; the next round tries again', error),
  );
  return {
    async stop() {
      stopping.abort();
      await Promise.all([stopPlanning(), stopLooking()]);
      await Promise.race([Promise.all(running), delay(BREAK_OFF_MS, undefined, { ref: false })]);
    },
  };
}

/** Never rejects: a scan that was left anywhere is claimed again. */
async function carryOut(
  ctx: SecretsManagerContext,
  claim: ScanClaim,
  actor: string,
  signal: AbortSignal,
): Promise<void> {
  const fields = { targetDomain: claim.domain.id };
  try {
    await scanDomain(ctx, claim, actor, signal);
  } catch (error) {
    if (error instanceof ScanLost || signal.aborted) ctx.log.info('a scan was left to others', fields);
    else ctx.log.with(fields).error('a scan was left for later', error);
  }
}
