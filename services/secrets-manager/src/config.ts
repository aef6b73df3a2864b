import { readSettings, type Environment } from '@strongroom/config/settings';
import {
  readServiceConfig,
  readServiceSecrets,
  type ServiceConfig,
  type ServiceSecrets,
} from '@strongroom/service/service-config';

export type SecretsManagerConfig = ServiceConfig;
export type SecretsManagerSecrets = ServiceSecrets;

export function readSecretsManagerConfig(environment: Environment): {
  config: SecretsManagerConfig;
  secrets: SecretsManagerSecrets;
} {
  const settings = readSettings(environment);
  const config = readServiceConfig(settings, 'secrets-manager');
  const secrets = readServiceSecrets(settings);
  settings.finish();
  return { config, secrets };
}
