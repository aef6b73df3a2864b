import { AUDIT_EVENTS } from '@strongroom/contracts/audit';
import { cloudEvent } from '@strongroom/contracts/cloud-event';
import { SECRET_EXPIRING, type SecretExpiring } from '@strongroom/contracts/secret-events';
import { appendEvents } from '@strongroom/outbox/outbox';
import { repeatEvery } from '@strongroom/service/repeat-every';
import type { VaultContext } from '../context.ts';
import type { Secret } from '../domain/secret.ts';
import { takeExpiring } from '../store/expiring-secrets.ts';
import { named } from './find-secret.ts';

const INTERVAL_MS = 600_000;
const AT_ONCE = 200;

type Warner = Pick<VaultContext, 'db' | 'audit' | 'now' | 'newId' | 'ring' | 'log'>;

/** Tells of secrets that expire within so many days, of each date once. Returns how many. */
export async function warnOfExpiry(ctx: Warner, days: number): Promise<number> {
  for (let total = 0; ;) {
    const now = ctx.now();
    const before = new Date(now.getTime() + days * 86_400_000);
    const warned = await ctx.db.transaction(async tx => {
      const secrets = await takeExpiring(tx, before, AT_ONCE);
      if (secrets.length === 0) return 0;
      await appendEvents(
        tx,
        secrets.map(secret =>
          cloudEvent<SecretExpiring>('vault', SECRET_EXPIRING, ctx.newId(), now, expiring(secret)),
        ),
      );
      await ctx.audit.append(
        tx,
        ...secrets.map(secret => ({
          type: AUDIT_EVENTS.secretExpiring,
          message: {
            ...named(secret),
            secretID: secret.id,
            author: secret.createdBy,
            expires: secret.expiresAt?.toISOString() ?? '',
          },
        })),
      );
      return secrets.length;
    });
    if (warned > 0) ctx.ring();
    total += warned;
    if (warned < AT_ONCE) return total;
  }
}

const expiring = (secret: Secret): SecretExpiring => ({
  secretId: secret.id,
  name: secret.name,
  ...(secret.ownerId === undefined ? {} : { ownerId: secret.ownerId }),
  author: secret.createdBy,
  writeRoles: secret.writeRoles,
  expires: secret.expiresAt?.toISOString() ?? '',
});

/** Every replica does it; none tells of what another has told. Returns the stop. */
export function startExpiryWarnings(ctx: Warner, days: number): () => Promise<void> {
  return repeatEvery(
    INTERVAL_MS,
    () => warnOfExpiry(ctx, days),
    error =>
      ctx.log.error('owners could not be warned of expiring secrets; the next round tries again', error),
  );
}
