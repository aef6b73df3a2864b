/**
 * What each replica of each service says of itself, every few seconds and when something about it changes. It goes
 * to the bus directly and not through the outbox: the next report replaces it, so nothing is lost with one.
 */
export const REPLICA_REPORTED = 'replica.reported';

export interface ReplicaReported {
  /** This run of this replica. */
  readonly id: string;
  readonly hostname: string;
  readonly service: string;
  readonly version: string;
  /** RFC 3339. */
  readonly startedAt: string;
  readonly state: ReplicaState;
  /** `OK`, or what is wrong, for people. */
  readonly message: string;
}

/** `stopped`: a clean stop; nothing more comes from it. */
export const REPLICA_STATES = ['ready', 'not-ready', 'stopped'] as const;
export type ReplicaState = (typeof REPLICA_STATES)[number];

/** Whoever is silent for three of these is taken to be gone. */
export const REPORT_INTERVAL_MS = 5_000;
