import { readSettings, type Environment } from '@strongroom/config/settings';
import {
  readServiceConfig,
  readServiceSecrets,
  type ServiceConfig,
  type ServiceSecrets,
} from '@strongroom/service/service-config';

export type MonitorConfig = ServiceConfig;
export type MonitorSecrets = ServiceSecrets;

export function readMonitorConfig(environment: Environment): {
  config: MonitorConfig;
  secrets: MonitorSecrets;
} {
  const settings = readSettings(environment);
  const config = readServiceConfig(settings, 'monitor');
  const secrets = readServiceSecrets(settings);
  settings.finish();
  return { config, secrets };
}
