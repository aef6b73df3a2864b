/**
 * Whether the stored password of an account opens it. `unreachable`: the host does not answer. `unknown`: it does, and
 * nothing is proved, or nobody has told the password.
 */
export type HeartbeatStatus = 'opens' | 'refused' | 'unreachable' | 'unknown';

export interface Heartbeat {
  readonly status: HeartbeatStatus;
  /** Why it is not `opens`; never a password. */
  readonly details: string;
}

/** The last one. */
export interface RecordedHeartbeat extends Heartbeat {
  readonly at: Date;
}
