import { readSettings, type Environment, type Settings } from '@strongroom/config/settings';
import { readRootKeys, type RootKeySecrets } from '@strongroom/service/root-key-settings';
import {
  readServiceConfig,
  readServiceSecrets,
  type ServiceConfig,
  type ServiceSecrets,
} from '@strongroom/service/service-config';

export interface VaultSettings {
  /** How long before a secret expires its owner is told. */
  readonly expiryWarningDays: number;
}

export interface VaultConfig extends ServiceConfig, VaultSettings {
  /** Base address of secrets-manager, which has the password policies; read when one is asked for. */
  readonly secretsManagerUrl: string;
}

export interface VaultSecrets extends ServiceSecrets, RootKeySecrets {
  /** vault's own machine identity at auth. */
  readonly machineSecret: string;
}

export function readVaultConfig(environment: Environment): { config: VaultConfig; secrets: VaultSecrets } {
  const settings = readSettings(environment);
  const config = {
    ...readServiceConfig(settings, 'vault'),
    ...readVaultSettings(settings),
    secretsManagerUrl: settings.url('STRONGROOM_SECRETS_MANAGER_URL'),
  };
  const secrets: VaultSecrets = {
    ...readServiceSecrets(settings),
    ...readRootKeys(settings),
    machineSecret: settings.text('STRONGROOM_MACHINE_SECRET'),
  };
  settings.finish();
  return { config, secrets };
}

/** Also for the standalone platform, which makes the rest of the configuration itself. */
export const readVaultSettings = (settings: Settings): VaultSettings => ({
  expiryWarningDays: settings.integer('STRONGROOM_EXPIRY_WARNING_DAYS', { min: 0, max: 3_650 }, 14),
});
