import { expectationRequired, preconditionFailed, versionConflict } from './errors.ts';
import type { Secret } from './secret.ts';

/** What a writer says it replaces. Nothing said: whatever there is. */
export interface Expectation {
  /** `options.cas`: the newest version. */
  readonly version?: number | undefined;
  /** If-Match: revisions, one of which the secret has; an empty list matches none. `any`: it exists. */
  readonly revisions?: readonly number[] | 'any' | undefined;
}

export const NOTHING_EXPECTED: Expectation = {};

/** Throws unless the secret is what the writer expects. */
export function requireExpected(
  secret: Pick<Secret, 'version' | 'revision' | 'casRequired'>,
  { version, revisions }: Expectation,
): void {
  if (version !== undefined && version !== secret.version) throw versionConflict();
  requireRevision(secret, revisions);
  if (secret.casRequired && version === undefined && (revisions === undefined || revisions === 'any')) {
    throw expectationRequired();
  }
}

/** The part of it that If-Match says. */
export function requireRevision(
  { revision }: Pick<Secret, 'revision'>,
  revisions: Expectation['revisions'],
): void {
  if (Array.isArray(revisions) && !revisions.includes(revision)) throw preconditionFailed();
}
