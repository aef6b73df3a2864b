import { CREDENTIALS_ROLE } from '@strongroom/contracts/credentials-role';
import type { Permission } from '@strongroom/contracts/permissions';

/**
 * The platform's own services that call another one, each with the permissions and roles that its calls
 * need and no other: there is no shared super-token.
 */
export const MACHINE_CLIENTS = {
  'strongroom-vault': {
    secretSetting: 'STRONGROOM_MACHINE_SECRET_VAULT',
    // It fills in role names and checks role ids.
    permissions: ['roles-view'],
    roles: [],
  },
  'strongroom-secrets-manager': {
    secretSetting: 'STRONGROOM_MACHINE_SECRET_SECRETS_MANAGER',
    // The same, for the accounts on hosts, whose passwords it keeps in vault.
    permissions: ['roles-view', 'vault-add'],
    roles: [CREDENTIALS_ROLE.id],
  },
  // It asks only for what was revoked, for which it is enough to be a service.
  'strongroom-monitor': { secretSetting: 'STRONGROOM_MACHINE_SECRET_MONITOR', permissions: [], roles: [] },
} as const satisfies Record<
  string,
  { secretSetting: string; permissions: readonly Permission[]; roles: readonly string[] }
>;

export type MachineClientId = keyof typeof MACHINE_CLIENTS;

export const isMachineClient = (id: string): id is MachineClientId => Object.hasOwn(MACHINE_CLIENTS, id);
