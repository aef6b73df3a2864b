import { readSettings, type Environment } from '@strongroom/config/settings';
import { readRootKeys, type RootKeySecrets } from '@strongroom/service/root-key-settings';
import {
  readServiceConfig,
  readServiceSecrets,
  type ServiceConfig,
  type ServiceSecrets,
} from '@strongroom/service/service-config';

export type SecretsManagerConfig = ServiceConfig;

export interface SecretsManagerSecrets extends ServiceSecrets, RootKeySecrets {
  /** secrets-manager's own machine identity at auth. */
  readonly machineSecret: string;
}

export function readSecretsManagerConfig(environment: Environment): {
  config: SecretsManagerConfig;
  secrets: SecretsManagerSecrets;
} {
  const settings = readSettings(environment);
  const config = readServiceConfig(settings, 'secrets-manager');
  const secrets: SecretsManagerSecrets = {
    ...readServiceSecrets(settings),
    ...readRootKeys(settings),
    machineSecret: settings.text('STRONGROOM_MACHINE_SECRET'),
  };
  settings.finish();
  return { config, secrets };
}
