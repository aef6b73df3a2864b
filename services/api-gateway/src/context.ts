import type { Logger } from '@strongroom/log/logger';
import type { GatewayConfig } from './config.ts';
import type { RateLimits } from './rate-limits.ts';
import type { Upstreams } from './upstreams.ts';

/** What the parts of a request's way may use. */
export interface Context {
  readonly config: GatewayConfig;
  readonly upstreams: Upstreams;
  readonly rateLimits: RateLimits;
  readonly log: Logger;
  /** Set when the stop begins: every answer from then on closes its connection. */
  stopping: boolean;
}
