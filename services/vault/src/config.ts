import { readSettings, type Environment } from '@strongroom/config/settings';
import { readRootKeys, type RootKeySecrets } from '@strongroom/service/root-key-settings';
import {
  readServiceConfig,
  readServiceSecrets,
  type ServiceConfig,
  type ServiceSecrets,
} from '@strongroom/service/service-config';

export type VaultConfig = ServiceConfig;

export interface VaultSecrets extends ServiceSecrets, RootKeySecrets {
  /** vault's own machine identity at auth. */
  readonly machineSecret: string;
}

export function readVaultConfig(environment: Environment): { config: VaultConfig; secrets: VaultSecrets } {
  const settings = readSettings(environment);
  const config = readServiceConfig(settings, 'vault');
  const secrets: VaultSecrets = {
    ...readServiceSecrets(settings),
    ...readRootKeys(settings),
    machineSecret: settings.text('STRONGROOM_MACHINE_SECRET'),
  };
  settings.finish();
  return { config, secrets };
}
