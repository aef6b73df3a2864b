import type { Caller } from '@strongroom/contracts/caller';
import { holdsOne, mayManage } from './secret.ts';

/** A part of shared secrets' names that ends before a slash, and who may read and write below it. */
export interface Folder {
  readonly id: string;
  readonly number: number;
  /** Undefined: at the top. */
  readonly parentId: string | undefined;
  /** The whole of it, e.g. `prod/db`. */
  readonly path: string;
  readonly readRoles: readonly string[];
  readonly writeRoles: readonly string[];
  /** Whether the roles of the folder above count here, too. */
  readonly inherits: boolean;
  /** Its own roles and those that it inherits. */
  readonly effectiveReadRoles: readonly string[];
  readonly effectiveWriteRoles: readonly string[];
  readonly revision: number;
  readonly createdAt: Date;
  readonly createdBy: string;
  readonly updatedAt: Date;
  readonly updatedBy: string;
}

/** `prod/db` of `prod/db/main`; undefined at the top. */
export function folderPathOf(name: string): string | undefined {
  const end = name.lastIndexOf('/');
  return end === -1 ? undefined : name.slice(0, end);
}

/** The path and those of all folders above it, the top one first. */
export function pathsDownTo(path: string): string[] {
  const segments = path.split('/');
  return segments.map((_segment, index) => segments.slice(0, index + 1).join('/'));
}

/** The roles that count in a folder below `parent`, each once. */
export const effectiveRoles = (
  own: Pick<Folder, 'readRoles' | 'writeRoles' | 'inherits'>,
  parent: Pick<Folder, 'effectiveReadRoles' | 'effectiveWriteRoles'> | undefined,
): Pick<Folder, 'effectiveReadRoles' | 'effectiveWriteRoles'> => ({
  effectiveReadRoles: union(own.inherits ? parent?.effectiveReadRoles : undefined, own.readRoles),
  effectiveWriteRoles: union(own.inherits ? parent?.effectiveWriteRoles : undefined, own.writeRoles),
});

const union = (a: readonly string[] = [], b: readonly string[] = []): string[] => [...new Set([...a, ...b])];

/** Where a folder names writers, adding to it is theirs; elsewhere the right to add secrets is enough. */
export const mayAddTo = (caller: Caller, folder: Folder | undefined): boolean =>
  folder === undefined ||
  folder.effectiveWriteRoles.length === 0 ||
  mayManage(caller) ||
  holdsOne(caller, folder.effectiveWriteRoles);

/** Who may see that a folder exists, beside those who may see something in it. */
export const mayKnowFolder = (caller: Caller, folder: Folder): boolean =>
  mayManage(caller) ||
  holdsOne(caller, folder.effectiveReadRoles) ||
  holdsOne(caller, folder.effectiveWriteRoles);
