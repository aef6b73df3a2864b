import { readSettings, type Environment } from '@strongroom/config/settings';
import {
  readServiceConfig,
  readServiceSecrets,
  type ServiceConfig,
  type ServiceSecrets,
} from '@strongroom/service/service-config';

export type MonitorConfig = ServiceConfig;

export interface MonitorSecrets extends ServiceSecrets {
  /** monitor's own machine identity at auth. */
  readonly machineSecret: string;
}

export function readMonitorConfig(environment: Environment): {
  config: MonitorConfig;
  secrets: MonitorSecrets;
} {
  const settings = readSettings(environment);
  const config = readServiceConfig(settings, 'monitor');
  const secrets: MonitorSecrets = {
    ...readServiceSecrets(settings),
    machineSecret: settings.text('STRONGROOM_MACHINE_SECRET'),
  };
  settings.finish();
  return { config, secrets };
}
