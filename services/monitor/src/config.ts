import { readSettings, type Environment, type Settings } from '@strongroom/config/settings';
import { parseRootKey } from '@strongroom/crypto/root-key';
import { SecretBytes } from '@strongroom/crypto/secret-bytes';
import {
  readServiceConfig,
  readServiceSecrets,
  type ServiceConfig,
  type ServiceSecrets,
} from '@strongroom/service/service-config';
import { readForwarding, type ForwardingConfig, type ForwardingSecrets } from './forwarding-settings.ts';

export { readForwarding, type ForwardingConfig, type ForwardingSecrets };

/** What an operator decides about the trail. */
export interface TrailSettings {
  /** How often the state of the chain is signed while it grows. */
  readonly checkpointMinutes: number;
  /** Whole months after which records are dropped; 0: never. */
  readonly retentionMonths: number;
}

export interface MonitorConfig extends ServiceConfig, TrailSettings {
  /** Base address of vault, which says who may read a secret. */
  readonly vaultUrl: string;
  /** Absent: the trail is forwarded nowhere. */
  readonly forwarding?: ForwardingConfig;
}

export interface MonitorSecrets extends ServiceSecrets, Partial<ForwardingSecrets> {
  /** monitor's own machine identity at auth. */
  readonly machineSecret: string;
  /** Under which the trail is chained and its state signed. The database never holds it. */
  readonly auditKey: SecretBytes;
}

export const readTrailSettings = (settings: Settings): TrailSettings => ({
  checkpointMinutes: settings.integer('STRONGROOM_CHECKPOINT_MINUTES', { min: 1, max: 1_440 }, 60),
  retentionMonths: settings.integer('STRONGROOM_AUDIT_RETENTION_MONTHS', { min: 0, max: 1_200 }, 0),
});

export function readMonitorConfig(environment: Environment): {
  config: MonitorConfig;
  secrets: MonitorSecrets;
} {
  const settings = readSettings(environment);
  const forwarding = readForwarding(settings);
  const config = {
    ...readServiceConfig(settings, 'monitor'),
    vaultUrl: settings.url('STRONGROOM_VAULT_URL'),
    ...readTrailSettings(settings),
    forwarding: forwarding.config,
  };
  const auditKeyText = settings.text('STRONGROOM_AUDIT_KEY');
  const auditKey = parseRootKey(auditKeyText);
  if (auditKey === undefined && auditKeyText !== '') {
    settings.fault('STRONGROOM_AUDIT_KEY must be 32 bytes in base64url');
  }
  const secrets: MonitorSecrets = {
    ...readServiceSecrets(settings),
    ...forwarding.secrets,
    machineSecret: settings.text('STRONGROOM_MACHINE_SECRET'),
    auditKey: auditKey ?? new SecretBytes(Buffer.alloc(0)),
  };
  settings.finish();
  return { config, secrets };
}
