import { parseDuration } from './duration.ts';
import type { PasswordPolicy } from './password-policy.ts';

type Retries = Pick<PasswordPolicy, 'numberOfRetries' | 'retryInterval'>;

const HOUR_MS = 3_600_000;
const DEFAULT_RETRY_MS = 5 * 60_000;

/** Policies are checked when they are stored; one that is no duration any more must not stop a rotation. */
export const retryMs = ({ retryInterval }: Retries): number =>
  parseDuration(retryInterval) ?? DEFAULT_RETRY_MS;

/** Whether an attempt that failed is followed by another of the same rotation. */
export const isRetried = ({ numberOfRetries }: Retries, failures: number): boolean =>
  failures <= numberOfRetries;

/** For what must be tried until it is settled: twice as long each time, up to an hour or the interval itself. */
export function backOffMs(policy: Retries, postponements: number): number {
  const interval = retryMs(policy);
  return Math.min(interval * 2 ** Math.min(postponements, 30), Math.max(interval, HOUR_MS));
}
