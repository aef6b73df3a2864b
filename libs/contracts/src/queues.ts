/**
 * Queues that must exist before anything is published, so that no event is lost between the start of its
 * publisher and the start of its consumer. `types` as in the bus: without the `strongroom.` prefix.
 */
export interface DurableQueue {
  readonly queue: string;
  readonly types: readonly string[];
}

/** monitor's intake: the audit records of every service. */
export const AUDIT_TRAIL_QUEUE: DurableQueue = { queue: 'monitor.audit-trail', types: ['*.audit.recorded'] };

/** Rotations that are due: work that the replicas of secrets-manager share. */
export const ROTATIONS_QUEUE: DurableQueue = {
  queue: 'secrets-manager.rotations',
  types: ['secrets-manager.rotation.due'],
};

export const DURABLE_QUEUES: readonly DurableQueue[] = [AUDIT_TRAIL_QUEUE, ROTATIONS_QUEUE];
