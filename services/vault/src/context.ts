import type { Keyring } from '@strongroom/crypto/keyring';
import type { Foundations } from '@strongroom/service/foundations';
import type { RoleDirectory } from './clients/role-directory.ts';
import type { Secret } from './domain/secret.ts';
import type { SealedSecret } from './store/secrets.ts';

/** What vault's operations may use. An operation names the slice that it needs. */
export interface VaultContext extends Foundations {
  readonly keyring: Keyring;
  readonly roles: RoleDirectory;
  /** Look-ups by name; concurrent ones share a statement. */
  readonly findSecret: (name: string) => Promise<Secret | undefined>;
  readonly findSealedSecret: (name: string) => Promise<SealedSecret | undefined>;
}
