import { changeOnRecord, type By } from '@strongroom/audit/change-on-record';
import { AUDIT_EVENTS } from '@strongroom/contracts/audit';
import type { SecretsManagerContext } from '../context.ts';
import { scannedAccountNotFound, targetDomainNotFound } from '../domain/errors.ts';
import type { TargetDomain } from '../domain/target-domain.ts';
import { updateScannedAccounts, type AccountChange } from '../store/scanned-accounts.ts';
import { findTargetDomain, lockTargetDomain } from '../store/target-domains.ts';
import { told } from './target-domains.ts';

export async function requireTargetDomain(
  ctx: Pick<SecretsManagerContext, 'db'>,
  id: string,
): Promise<TargetDomain> {
  const domain = await findTargetDomain(ctx.db, id);
  if (domain === undefined) throw targetDomainNotFound();
  return domain;
}

/** All of them or none: one that is not of this domain stops the whole change. */
export async function changeScannedAccounts(
  ctx: SecretsManagerContext,
  by: By,
  domainId: string,
  ids: readonly string[],
  change: AccountChange,
): Promise<void> {
  const wanted = [...new Set(ids.map(id => id.toLowerCase()))];
  await changeOnRecord(ctx, by, async tx => {
    // First, as scans do: two that change rows of many accounts would wait for each other.
    const domain = await lockTargetDomain(tx, domainId);
    if (domain === undefined) throw targetDomainNotFound();
    const stamp = { at: ctx.now(), by: by.caller.id };
    const changed = await updateScannedAccounts(tx, domainId, wanted, change, stamp);
    if (changed.length !== wanted.length) throw scannedAccountNotFound();
    return {
      type: AUDIT_EVENTS.scannedAccountModified,
      message: { ...told(domain), accountIDs: wanted.join(','), ...changesTold(change) },
    };
  });
}

const changesTold = ({ ignored }: AccountChange): Record<string, string> =>
  ignored === undefined ? {} : { ignored: String(ignored) };
