import type { Caller } from '@strongroom/contracts/caller';

/** What is known of a secret without opening it. */
export interface Secret {
  readonly id: string;
  /** For dialects that know their objects by integers. */
  readonly number: number;
  readonly name: string;
  /** The one person or program that a personal secret is of; undefined: a shared one. */
  readonly ownerId: string | undefined;
  /** Undefined: at the top, or personal. */
  readonly folderId: string | undefined;
  readonly folderNumber: number | undefined;
  /** Name of the schema that its content follows. */
  readonly schema: string | undefined;
  readonly tags: readonly string[];
  readonly readRoles: readonly string[];
  readonly writeRoles: readonly string[];
  /** Of its folder; they count as its own. */
  readonly inheritedReadRoles: readonly string[];
  readonly inheritedWriteRoles: readonly string[];
  /** The newest one. */
  readonly version: number;
  /** Counts every change, of content or of anything else. */
  readonly revision: number;
  /** The oldest versions beyond so many are dropped. */
  readonly maxVersions: number;
  /** After so long a version counts as deleted; 0: never. */
  readonly deleteVersionAfterSeconds: number;
  /** Writers must name the version that they replace. */
  readonly casRequired: boolean;
  readonly expiresAt: Date | undefined;
  readonly createdAt: Date;
  readonly createdBy: string;
  readonly updatedAt: Date;
  readonly updatedBy: string;
}

/** How a secret is found: shared ones by their name alone, personal ones among those of their owner. */
export interface SecretAddress {
  readonly ownerId: string | undefined;
  readonly name: string;
  /** The one secret that is meant: any other that has the name by now is not it. */
  readonly id?: string | undefined;
}

export type SecretData = Readonly<Record<string, unknown>>;

/** Serialised content of one version, in bytes of UTF-8 JSON. */
export const MAX_DATA_BYTES = 1_048_576;
export const MAX_ROLES = 100;
export const MAX_TAGS = 64;
export const MAX_TAG_LENGTH = 128;
export const DEFAULT_MAX_VERSIONS = 10;
export const HIGHEST_MAX_VERSIONS = 1_000;

type Rights = Pick<
  Secret,
  'ownerId' | 'readRoles' | 'writeRoles' | 'inheritedReadRoles' | 'inheritedWriteRoles'
>;

/**
 * Content of a shared secret needs a read role, its own or its folder's: `vault-manage` alone does not open it
 * (contract 2.6). A personal one is its owner's and `vault-manage`'s (contract 2.3).
 */
export const mayRead = (caller: Caller, secret: Rights): boolean =>
  secret.ownerId === undefined
    ? holdsOne(caller, secret.readRoles) || holdsOne(caller, secret.inheritedReadRoles)
    : mayUsePersonal(caller, secret.ownerId);

/** Writing content needs a write role, or `vault-manage`. */
export const mayWrite = (caller: Caller, secret: Rights): boolean =>
  secret.ownerId === undefined
    ? mayManage(caller) || holdsOne(caller, secret.writeRoles) || holdsOne(caller, secret.inheritedWriteRoles)
    : mayUsePersonal(caller, secret.ownerId);

/** Deleting for good, moving, and changing who may read or write. */
export const mayAdminister = (caller: Caller, secret: Pick<Secret, 'ownerId'>): boolean =>
  mayManage(caller) || secret.ownerId === caller.id;

/** Who may see that the secret exists. To all others it is not found. */
export const mayKnow = (caller: Caller, secret: Rights): boolean =>
  mayRead(caller, secret) || mayWrite(caller, secret);

export const mayManage = (caller: Caller): boolean => caller.permissions.has('vault-manage');

export const mayUsePersonal = (caller: Caller, ownerId: string): boolean =>
  caller.id === ownerId || mayManage(caller);

export const holdsOne = (caller: Caller, roles: readonly string[]): boolean =>
  roles.some(role => caller.roles.includes(role));

/** Order counts: clients compare role lists as lists. */
export const sameRoles = (
  a: Pick<Secret, 'readRoles' | 'writeRoles'>,
  b: Pick<Secret, 'readRoles' | 'writeRoles'>,
): boolean => sameList(a.readRoles, b.readRoles) && sameList(a.writeRoles, b.writeRoles);

const sameList = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((value, index) => value === b[index]);
