import type { RoleDirectory } from '@strongroom/auth-client/role-directory';
import type { LiveKeyring } from '@strongroom/keys/live-keyring';
import type { Foundations } from '@strongroom/service/foundations';
import type { VaultClient } from './clients/vault-client.ts';
import type { RotationSettings } from './config.ts';
import type { OnRotationFinished } from './domain/rotation.ts';
import type { Target, TargetDescription } from './targets/target.ts';

/** What secrets-manager's operations may use. An operation names the slice that it needs. */
export interface SecretsManagerContext extends Foundations {
  readonly keyring: LiveKeyring;
  readonly roles: Pick<RoleDirectory, 'names' | 'refresh' | 'invalidate'>;
  readonly vault: VaultClient;
  readonly rotation: RotationSettings;
  /** Connects to nothing yet. */
  readonly openTarget: (description: TargetDescription) => Target;
  /** What else is to happen when a rotation is finished, in this order. */
  readonly onRotationFinished: readonly OnRotationFinished[];
}
