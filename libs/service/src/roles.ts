import { createRoleDirectory, type RoleDirectory } from '@strongroom/auth-client/role-directory';
import { ROLE_CHANGED } from '@strongroom/contracts/role-events';
import type { Foundations } from './foundations.ts';

export interface Roles {
  readonly directory: RoleDirectory;
  close: () => Promise<void>;
}

/** auth's roles for a service that stores their ids, kept up with by auth's events. Its machine needs roles-view. */
export async function openRoles(
  { bus, config, log, newId, now }: Pick<Foundations, 'bus' | 'config' | 'log' | 'newId' | 'now'>,
  token: () => Promise<string>,
): Promise<Roles> {
  const directory = createRoleDirectory({ authUrl: config.authUrl, token, now, log });
  const close = await bus.subscribe({
    queue: `${config.service}.roles.${newId()}`,
    types: [`auth.${ROLE_CHANGED}`],
    handle: () => {
      directory.invalidate();
      return Promise.resolve();
    },
  });
  return { directory, close };
}
