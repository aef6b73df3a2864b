import type { SecretsManagerContext } from '../context.ts';
import { lower } from '../domain/host.ts';
import { findOnboardable } from '../store/scanned-accounts.ts';
import { renewScan, type ScanClaim } from '../store/scans.ts';
import { findTargetDomain } from '../store/target-domains.ts';
import { SCAN_LEASE_MS, ScanLost } from './scan-lease.ts';
import { onboardAccounts } from './take-up-accounts.ts';

/** Looked at in one transaction: a scan may find very many. */
const BATCH = 500;
const FIRST = '00000000-0000-0000-0000-000000000000';

/**
 * Manages what a scan found, where the target domain says so. When all of the directory was seen, and before the scan is
 * said to be through: one that breaks off is made again, and goes on with those that are left. Returns how many.
 */
export async function onboardFound(
  ctx: SecretsManagerContext,
  claim: ScanClaim,
  actor: string,
): Promise<number> {
  let total = 0;
  for (let after: string | undefined = FIRST; after !== undefined;) {
    const { managed, last }: Part = await onboardPart(ctx, claim, actor, after);
    total += managed;
    after = last;
  }
  return total;
}

interface Part {
  readonly managed: number;
  /** Undefined: nothing is behind it. */
  readonly last: string | undefined;
}

const onboardPart = (
  ctx: SecretsManagerContext,
  claim: ScanClaim,
  actor: string,
  after: string,
): Promise<Part> =>
  ctx.db.transaction(async tx => {
    if (!(await renewScan(tx, claim, SCAN_LEASE_MS))) throw new ScanLost();
    // As it is now: it may have been switched off while the directory was looked through.
    const domain = await findTargetDomain(tx, claim.domain.id);
    if (domain?.autoOnboarding !== true || domain.autoOnboardingPolicyId === null) {
      return { managed: 0, last: undefined };
    }
    // Whoever changes all passwords must not lose his own.
    const but = domain.endpoints
      .map(endpoint => lower(endpoint.ldap_bind_dn ?? ''))
      .filter(name => name !== '');
    const found = await findOnboardable(tx, claim, { after, but, limit: BATCH });
    const managed = await onboardAccounts(ctx, tx, domain, found, actor);
    return { managed, last: found.length < BATCH ? undefined : found.at(-1)?.id };
  });
