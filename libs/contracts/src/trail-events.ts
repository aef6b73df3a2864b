/**
 * monitor has added records to the trail. A wake-up for its own replicas, which read the trail themselves: it goes to
 * the bus directly and not through the outbox, and one that is lost is made up for by a slow poll.
 */
export const TRAIL_EXTENDED = 'trail.extended';
