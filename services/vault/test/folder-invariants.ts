import type { Queryable } from '@strongroom/db/database';

interface FolderRow {
  id: string;
  parent_id: string | null;
  path: string;
  read_roles: string[];
  write_roles: string[];
  inherits: boolean;
  effective_read_roles: string[];
  effective_write_roles: string[];
}

const above = (path: string): string | undefined =>
  path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : undefined;

/**
 * What is wrong with the tables, in words: secrets that lie elsewhere than their names say, folders that hang from
 * another folder than their paths say, and rights that are not those of the folders above.
 */
export async function brokenFolders(superuser: Queryable): Promise<string[]> {
  const folders = await superuser.query<FolderRow>(
    `SELECT id, parent_id, path, read_roles, write_roles, inherits, effective_read_roles, effective_write_roles
     FROM folders`,
  );
  const secrets = await superuser.query<{ name: string; owner_id: string | null; folder: string | null }>(
    'SELECT s.name, s.owner_id, f.path AS folder FROM secrets s LEFT JOIN folders f ON f.id = s.folder_id',
  );
  const byPath = new Map(folders.map(folder => [folder.path, folder]));
  const inForce = (folder: FolderRow | undefined, list: 'read_roles' | 'write_roles'): string[] => {
    if (folder === undefined) return [];
    const parent = folder.inherits ? byPath.get(above(folder.path) ?? '') : undefined;
    return [...new Set([...folder[list], ...inForce(parent, list)])].sort();
  };
  const same = (a: readonly string[], b: readonly string[]) => [...a].sort().join() === b.join();
  return [
    ...secrets
      .filter(({ name, owner_id: ownerId, folder }) =>
        ownerId === null ? folder !== (above(name) ?? null) : folder !== null,
      )
      .map(({ name, folder }) => `secret ${name} lies in ${String(folder)}`),
    ...folders
      .filter(({ path, parent_id: parentId }) => parentId !== (byPath.get(above(path) ?? '')?.id ?? null))
      .map(({ path }) => `folder ${path} hangs elsewhere`),
    ...folders
      .filter(({ path }) => above(path) !== undefined && !byPath.has(above(path) ?? ''))
      .map(({ path }) => `folder ${path} has none above`),
    ...folders
      .filter(
        folder =>
          !same(folder.effective_read_roles, inForce(folder, 'read_roles')) ||
          !same(folder.effective_write_roles, inForce(folder, 'write_roles')),
      )
      .map(({ path }) => `folder ${path} gives other rights than the folders above say`),
  ];
}
