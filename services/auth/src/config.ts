import { readSettings, type Environment } from '@strongroom/config/settings';
import { parseRootKey } from '@strongroom/crypto/root-key';
import { SecretBytes } from '@strongroom/crypto/secret-bytes';
import {
  readServiceConfig,
  readServiceSecrets,
  type ServiceConfig,
  type ServiceSecrets,
} from '@strongroom/service/service-config';
import { parseBootstrap, type Bootstrap } from './domain/bootstrap.ts';
import { MACHINE_CLIENTS, type MachineClientId } from './domain/machine-clients.ts';

export type AuthConfig = ServiceConfig;

export interface AuthSecrets extends ServiceSecrets {
  readonly rootKey: SecretBytes;
  /** The secrets by which the platform's own services sign in. They live in settings only, not in the database. */
  readonly machineSecrets: Readonly<Record<MachineClientId, string>>;
  /** What the first start makes; ignored once it is there. */
  readonly bootstrap: Bootstrap | undefined;
}

export function readAuthConfig(environment: Environment): { config: AuthConfig; secrets: AuthSecrets } {
  const settings = readSettings(environment);
  const config = readServiceConfig(settings, 'auth');
  const rootKey = parseRootKey(settings.text('STRONGROOM_ROOT_KEY'));
  if (rootKey === undefined) settings.fault('STRONGROOM_ROOT_KEY must be 32 bytes in base64url');
  const bootstrapText = settings.optionalText('STRONGROOM_BOOTSTRAP');
  const bootstrap = bootstrapText === undefined ? undefined : parseBootstrap(bootstrapText);
  if (bootstrapText !== undefined && bootstrap === undefined) {
    settings.fault('STRONGROOM_BOOTSTRAP must have the form of credentials.json');
  }
  const secrets: AuthSecrets = {
    ...readServiceSecrets(settings),
    rootKey: rootKey ?? new SecretBytes(new Uint8Array()),
    machineSecrets: {
      'strongroom-vault': settings.text(MACHINE_CLIENTS['strongroom-vault'].secretSetting),
    },
    bootstrap,
  };
  settings.finish();
  return { config, secrets };
}
