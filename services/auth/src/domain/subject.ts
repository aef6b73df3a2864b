import type { RoleHandle } from './role.ts';

/** Who can hold roles: a person, or a program with an API client of its own. */
export interface Subject {
  readonly kind: 'user' | 'api-client';
  readonly id: string;
}

/** What a subject may do at a certain time and place. */
export interface Rights {
  /** Ids of the roles that count, in the order in which they were given. */
  readonly roles: readonly string[];
  /** Union of the permissions of these roles, sorted. */
  readonly permissions: readonly string[];
  /** When the first of these roles ends by itself; a token must not outlive it. */
  readonly until: Date | null;
  /** One of these roles holds at certain addresses only: a token with it holds at the present one. */
  readonly isBoundToAddress: boolean;
  /** Roles that the subject has, but not here or not now (contract 4.1, `context`). */
  readonly withheld: readonly RoleHandle[];
}
