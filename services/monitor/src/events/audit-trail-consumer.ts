import type { Subscription } from '@strongroom/bus/bus';
import { AUDIT_TRAIL_QUEUE } from '@strongroom/contracts/queues';
import type { TrailEvent } from '../domain/trail.ts';
import type { ChainContext } from '../operations/append-to-chain.ts';
import { extendTrail } from '../operations/extend-trail.ts';
import { rejectEvent } from '../operations/reject-event.ts';
import { parseAuditEvent } from './parse-audit-event.ts';

/** Takes the audit records of every service, monitor's own among them. */
export const auditTrailConsumer = (ctx: ChainContext, onExtended: () => void): Subscription => ({
  ...AUDIT_TRAIL_QUEUE,
  async handle(events) {
    const valid: TrailEvent[] = [];
    for (const event of events) {
      const parsed = parseAuditEvent(event);
      if ('reason' in parsed) await rejectEvent(ctx, event, parsed.reason);
      else valid.push(parsed);
    }
    await extendTrail(ctx, valid);
    onExtended();
  },
});
