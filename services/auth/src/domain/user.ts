import { canonicalName } from '@strongroom/schema/text';
import { isUuid } from './uuid.ts';

/** A person, or an application account. `document` is what clients sent and want back unchanged (contract 5.1). */
export interface User {
  readonly id: string;
  /** For dialects with integer ids. API clients are counted along, so no two that act share one. */
  readonly number: number;
  readonly username: string;
  readonly sourceId: string;
  readonly document: Readonly<Record<string, unknown>>;
  readonly tags: readonly string[];
  readonly settings: Readonly<Record<string, unknown>>;
  /** argon2id; null: cannot sign in by password. */
  readonly passwordHash: string | null;
  readonly passwordSetAt: Date | null;
  readonly passwordChangeRequired: boolean;
  readonly isDisabled: boolean;
  /**
   * Signs programs in, by name and password through a dialect that knows no other way (docs/adr/0036); refused wherever
   * people sign in. Stays what it was made.
   */
  readonly isApplication: boolean;
  /** An administrator demands a second factor. */
  readonly mfaRequired: boolean;
  readonly totpConfirmedAt: Date | null;
  readonly hasPasskeys: boolean;
  readonly createdAt: Date;
  readonly createdBy: string;
  readonly updatedAt: Date;
  readonly updatedBy: string;
}

/** The role that each person gets. */
export const EVERYONE = 'privx-user';

const RESERVED = new Set(['', 'current', 'system']);

/**
 * Names that mean somebody or something else: `current` in paths, `system` as an author, the platform's own
 * services, and UUIDs, by which API clients sign in.
 */
export function isReservedUsername(username: string): boolean {
  const name = canonicalName(username);
  return RESERVED.has(name) || name.startsWith('strongroom-') || isUuid(name);
}
