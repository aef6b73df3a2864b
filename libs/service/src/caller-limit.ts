import type { Admit } from '@strongroom/http/mount-routes';
import type { Foundations } from './foundations.ts';

/**
 * Holds each user and each API client to so many requests in a second, over all replicas of the service. The
 * platform's own services are not held: they ask for others, who were. Undefined: nobody is held.
 */
export function limitCallers({ cache, config }: Pick<Foundations, 'cache' | 'config'>): Admit | undefined {
  const points = config.callerRateLimitPerSecond;
  if (points === 0) return undefined;
  const limiter = cache.createLimiter({ name: `caller:${config.service}`, points, durationSeconds: 1 });
  return caller => (caller.kind === 'service' ? 0 : limiter.consume(caller.id));
}
