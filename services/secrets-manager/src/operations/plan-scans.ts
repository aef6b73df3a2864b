import type { SecretsManagerContext } from '../context.ts';
import { nextRotation, placeOf, soonRotation } from '../domain/rotation-schedule.ts';
import { planScan, requestScan, takeUnplannedDomains, type PlannedDomain } from '../store/scans.ts';

/** A round leaves the rest to the next one. */
const BATCH = 100;

/**
 * Works out when directories are looked through whose next time is not known, and asks for the scans whose time has come.
 * They are spread as rotations are: each domain has a place of its own in the last tenth of its interval, so that many
 * that were made at once are not all looked through at once. Returns how many are due.
 */
export async function planScans(ctx: Pick<SecretsManagerContext, 'db' | 'now'>): Promise<number> {
  return ctx.db.transaction(async tx => {
    const now = ctx.now();
    const domains = await takeUnplannedDomains(tx, now, BATCH);
    for (const domain of domains) {
      if (domain.nextScan !== null) await requestScan(tx, domain.id, null);
      await planScan(tx, domain.id, planOf(domain, now));
    }
    return domains.filter(({ nextScan }) => nextScan !== null).length;
  });
}

function planOf({ id, interval, lastScanned, nextScan }: PlannedDomain, now: Date): Date {
  const pace = { intervalMs: interval * 1_000, place: placeOf({ systemId: id, account: '' }) };
  if (nextScan !== null) return nextRotation(now, pace);
  const next = lastScanned === null ? now : nextRotation(lastScanned, pace);
  return next > now ? next : soonRotation(now, pace);
}
