import type { AccountPlace } from './account-place.ts';

/** A host showed another key than those that are pinned, and was told nothing. Once a day for each host. */
export const HOST_KEY_REFUSED = 'host-key.refused';

export interface HostKeyRefused {
  readonly hostId: string;
  /** Its common name. */
  readonly host: string;
}

/** The stored password of an account no longer opens it: somebody has changed it past us. Once, until it opens again. */
export const HEARTBEAT_REFUSED = 'heartbeat.refused';

export type HeartbeatRefused = AccountPlace & {
  /** What the host, or the target domain, is called. */
  readonly host: string;
  readonly account: string;
};
