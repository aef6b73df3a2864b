import type { RoleDirectory } from '@strongroom/auth-client/role-directory';
import type { LiveKeyring } from '@strongroom/keys/live-keyring';
import type { Foundations } from '@strongroom/service/foundations';

/** What secrets-manager's operations may use. An operation names the slice that it needs. */
export interface SecretsManagerContext extends Foundations {
  readonly keyring: LiveKeyring;
  readonly roles: RoleDirectory;
}
