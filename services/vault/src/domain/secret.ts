import type { Caller } from '@strongroom/contracts/caller';

/** What is known of a secret without opening it. */
export interface Secret {
  readonly id: string;
  readonly name: string;
  readonly readRoles: readonly string[];
  readonly writeRoles: readonly string[];
  readonly version: number;
  readonly createdAt: Date;
  readonly createdBy: string;
  readonly updatedAt: Date;
  readonly updatedBy: string;
}

export type SecretData = Readonly<Record<string, unknown>>;

/** Serialised content of one version, in bytes of UTF-8 JSON. */
export const MAX_DATA_BYTES = 1_048_576;
export const MAX_ROLES = 100;

type RoleLists = Pick<Secret, 'readRoles' | 'writeRoles'>;

/** Content needs a read role: `vault-manage` alone does not open a secret (contract 2.6). */
export const mayRead = (caller: Caller, secret: RoleLists): boolean => holdsOne(caller, secret.readRoles);

/** Writing content needs a write role, or `vault-manage`. */
export const mayWrite = (caller: Caller, secret: RoleLists): boolean =>
  mayManage(caller) || holdsOne(caller, secret.writeRoles);

/** Deleting, and changing who may read or write. */
export const mayManage = (caller: Caller): boolean => caller.permissions.has('vault-manage');

/** Who may see that the secret exists. To all others it is not found. */
export const mayKnow = (caller: Caller, secret: RoleLists): boolean =>
  mayManage(caller) || holdsOne(caller, secret.readRoles) || holdsOne(caller, secret.writeRoles);

const holdsOne = (caller: Caller, roles: readonly string[]): boolean =>
  roles.some(role => caller.roles.includes(role));

/** Order counts: clients compare role lists as lists. */
export const sameRoles = (a: RoleLists, b: RoleLists): boolean =>
  sameList(a.readRoles, b.readRoles) && sameList(a.writeRoles, b.writeRoles);

const sameList = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((value, index) => value === b[index]);
