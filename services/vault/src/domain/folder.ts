import type { Caller } from '@strongroom/contracts/caller';
import { nameHasSlash } from './errors.ts';
import { holdsOne, mayManage } from './secret.ts';

/** What one move may take along at most, of secrets and of folders: it is one transaction. */
export const MAX_MOVED = 20_000;

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

/** A folder, and the number of the one above it, by which some dialects name its place. */
export interface PlacedFolder extends Folder {
  readonly parentNumber: number | undefined;
}

/** `prod/db` of `prod/db/main`; undefined at the top. */
export function folderPathOf(name: string): string | undefined {
  const end = name.lastIndexOf('/');
  return end === -1 ? undefined : name.slice(0, end);
}

/** `prod/db` for the name `db` in `prod`; in no folder, the name alone. It is one part of a path and not several. */
export function nameIn(folder: string | undefined, name: string): string {
  if (/[/\\]/.test(name)) throw nameHasSlash();
  return folder === undefined ? name : `${folder}/${name}`;
}

/** `db` of `prod/db`. */
export const lastSegment = (path: string): string => path.slice(path.lastIndexOf('/') + 1);

/** The path and those of all folders above it, the top one first. */
export function pathsDownTo(path: string): string[] {
  const segments = path.split('/');
  return segments.map((_segment, index) => segments.slice(0, index + 1).join('/'));
}

/** What `name` is called once the folder `from` above it is called `to`. */
export const movedName = (name: string, from: string, to: string): string => to + name.slice(from.length);

/** Whether the path leads into the folder. */
export const isBelow = (path: string, folder: string): boolean => path.startsWith(`${folder}/`);

/** A folder's own part in who may read and write below it. */
export type FolderRoles = Pick<Folder, 'readRoles' | 'writeRoles' | 'inherits'>;

/** What a folder is made with unless something else is said. */
export const INHERITING: FolderRoles = { readRoles: [], writeRoles: [], inherits: true };

/** Order does not count. */
export const sameFolderRoles = (a: FolderRoles, b: FolderRoles): boolean =>
  a.inherits === b.inherits && sameSet(a.readRoles, b.readRoles) && sameSet(a.writeRoles, b.writeRoles);

const sameSet = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every(role => b.includes(role));

/** The roles that count in a folder below `parent`, each once. */
export const effectiveRoles = (
  own: FolderRoles,
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
