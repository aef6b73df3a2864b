/**
 * What auth tells all who verify access tokens, so that ended sessions and lost rights count at once and not
 * only when a token expires (docs/adr/0011-effects-at-once.md). Each replica of each service listens.
 */

/** Tokens of these sessions are refused from now on. */
export const SESSION_ENDED = 'session.ended';

export interface SessionEnded {
  readonly sessionIds: readonly string[];
}

/**
 * These subjects have no more than these rights from now on. What a token says beyond them is void; what they
 * gained comes with their next token.
 */
export const RIGHTS_CHANGED = 'rights.changed';

export interface RightsChanged {
  readonly subjects: readonly SubjectRights[];
}

export interface SubjectRights {
  readonly id: string;
  readonly roles: readonly string[];
  readonly permissions: readonly string[];
}

/** No access token lives longer (seconds): after it, neither event needs to be remembered. */
export const MAX_ACCESS_TOKEN_SECONDS = 3_600;

/** `GET /auth/api/v1/revocations`, for services alone: what a replica that just started has missed. */
export interface Revocations {
  readonly sessionIds: readonly string[];
  readonly subjects: readonly SubjectRights[];
}
