import { AUDIT_EVENTS } from '@strongroom/contracts/audit';
import type { Caller } from '@strongroom/contracts/caller';
import type { Asking, SecretIdOf } from '../clients/readable-secrets.ts';
import type { MonitorContext } from '../context.ts';
import { ACTIONS, type SecretAudit, type SecretAuditsPage } from '../domain/secret-audits.ts';
import { findSecretAudits } from '../store/secret-audits.ts';

export interface SecretAuditsContext extends Pick<MonitorContext, 'db' | 'audit'> {
  readonly secretIdOf: SecretIdOf;
}

/**
 * What was done with one secret, for those who may read it, as vault says. Resolves only when the record of this very
 * read is durable.
 */
export async function readSecretAudits(
  ctx: SecretAuditsContext,
  caller: Caller,
  asking: Asking,
  number: number,
  page: SecretAuditsPage,
): Promise<{ count: number; events: readonly SecretAudit[] }> {
  const secretId = await ctx.secretIdOf(asking, number);
  const found = await findSecretAudits(ctx.db, secretId, [...ACTIONS.keys()], page);
  await ctx.audit.write({
    type: AUDIT_EVENTS.auditTrailRead,
    caller,
    request: asking.request,
    message: {
      'filter.secretID': secretId,
      offset: String(page.offset),
      read: String(found.events.length),
    },
  });
  return found;
}
