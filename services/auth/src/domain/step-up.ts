import type { Caller } from '@strongroom/contracts/caller';
import { peopleOnly, stepUpRequired } from './errors.ts';

/** How old a sign-in may be when somebody changes what guards the account. */
export const FRESH_SIGN_IN_SECONDS = 900;

/** A token that was found or stolen later proves nothing anew (RFC 9470). */
export function requireFreshSignIn(
  caller: Pick<Caller, 'authTime'>,
  now: Date,
  maxAgeSeconds = FRESH_SIGN_IN_SECONDS,
): void {
  if (now.getTime() / 1_000 - caller.authTime > maxAgeSeconds) throw stepUpRequired();
}

export function requirePerson(caller: Pick<Caller, 'kind'>): void {
  if (caller.kind !== 'user') throw peopleOnly();
}
