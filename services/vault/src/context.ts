import type { RoleDirectory } from '@strongroom/auth-client/role-directory';
import type { LiveKeyring } from '@strongroom/keys/live-keyring';
import type { Foundations } from '@strongroom/service/foundations';
import type { PasswordByRule } from './clients/password-rules.ts';
import type { FindPage } from './store/find-page.ts';
import type { SecretFinder } from './store/find-secrets.ts';

/** What vault's operations may use. An operation names the slice that it needs. */
export interface VaultContext extends Foundations {
  readonly keyring: LiveKeyring;
  readonly roles: RoleDirectory;
  readonly secrets: SecretFinder;
  readonly findPage: FindPage;
  readonly passwordByRule: PasswordByRule;
}
