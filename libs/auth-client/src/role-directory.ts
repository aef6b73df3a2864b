import { callJson, serviceUnreachable } from '@strongroom/http/client';
import type { Logger } from '@strongroom/log/logger';
import { bodyParser } from '@strongroom/schema/parser';
import { Members, Type } from '@strongroom/schema/types';

/**
 * The roles that auth knows, by id. Other services store ids only; names belong to auth and are filled in on the
 * way out. Reads use what is remembered, so they go on while auth restarts; writes check against auth
 * itself whenever an id is not known here.
 */
export interface RoleDirectory {
  /** id → name of every role. Waits for auth on the first call only. */
  names: () => ReadonlyMap<string, string> | Promise<ReadonlyMap<string, string>>;
  /** Those of the ids whose roles carry the permission. auth is asked anew where one is not known. */
  carrying: (permission: string, ids: readonly string[]) => Promise<string[]>;
  /** As `names`, asked anew. */
  refresh: () => Promise<ReadonlyMap<string, string>>;
  /** auth has told of a change: asks anew in the background. */
  invalidate: () => void;
}

export interface RoleDirectoryOptions {
  authUrl: string;
  token: () => Promise<string>;
  now: () => Date;
  log: Logger;
}

const MAX_AGE_MS = 30_000;
const PAGE = 1_000;
const parsePage = bodyParser(
  Type.Object({
    count: Type.Integer(),
    items: Type.Array(
      Members({
        id: Type.String(),
        name: Type.String(),
        permissions: Type.Optional(Type.Union([Type.Array(Type.String()), Type.Null()])),
      }),
    ),
  }),
);

export function createRoleDirectory({ authUrl, token, now, log }: RoleDirectoryOptions): RoleDirectory {
  let names: ReadonlyMap<string, string> | undefined;
  let carried: ReadonlyMap<string, readonly string[]> = new Map();
  let loadedAtMs = 0;
  let loading: Promise<ReadonlyMap<string, string>> | undefined;

  async function load(): Promise<ReadonlyMap<string, string>> {
    const startedAtMs = now().getTime();
    const found = new Map<string, string>();
    const permissions = new Map<string, readonly string[]>();
    const authorization = `Bearer ${await token()}`;
    for (let offset = 0, count = 1; offset < count; offset += PAGE) {
      const url = `${authUrl}/role-store/api/v1/roles?offset=${offset}&limit=${PAGE}`;
      const page = parsePage(
        await callJson({ method: 'GET', url, headers: { authorization }, deadlineMs: 5_000 }),
      );
      for (const role of page.items) {
        found.set(role.id, role.name);
        permissions.set(role.id, role.permissions ?? []);
      }
      count = page.count;
    }
    names = found;
    carried = permissions;
    loadedAtMs = startedAtMs;
    return found;
  }

  const refresh = () =>
    (loading ??= load()
      .catch((error: unknown) => {
        // Whatever auth refuses, it refuses to us: its 401 or 403 must not look like the caller's own.
        throw serviceUnreachable(error);
      })
      .finally(() => {
        loading = undefined;
      }));

  async function refreshAnew(): Promise<ReadonlyMap<string, string>> {
    // A load that was under way may have begun before the change that the caller knows of.
    await loading?.catch(() => undefined);
    return refresh();
  }

  const inBackground = (load: Promise<unknown>) =>
    void load.catch((error: unknown) => log.error('role names could not be refreshed', error));

  function remembered() {
    if (names === undefined) return refresh();
    if (now().getTime() - loadedAtMs > MAX_AGE_MS) inBackground(refresh());
    return names;
  }

  return {
    names: remembered,
    async carrying(permission, ids) {
      const known = await remembered();
      if (ids.some(id => !known.has(id))) await refreshAnew();
      return ids.filter(id => carried.get(id)?.includes(permission));
    },
    refresh: refreshAnew,
    invalidate: () => inBackground(refreshAnew()),
  };
}

/**
 * Where in `ids` the first stands that names no role; -1: all do. Ids in `kept` may stay although their role was
 * deleted since: clients send back what they read. auth is asked anew before any id is called unknown.
 */
export async function findUnknownRole(
  roles: Pick<RoleDirectory, 'names' | 'refresh'>,
  ids: readonly string[],
  kept: readonly string[] = [],
): Promise<number> {
  const unknownIn = (names: ReadonlyMap<string, string>) =>
    ids.findIndex(id => !names.has(id) && !kept.includes(id));
  return unknownIn(await roles.names()) === -1 ? -1 : unknownIn(await roles.refresh());
}
