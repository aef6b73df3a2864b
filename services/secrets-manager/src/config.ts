import { readSettings, type Environment, type Settings } from '@strongroom/config/settings';
import { readRootKeys, type RootKeySecrets } from '@strongroom/service/root-key-settings';
import {
  readServiceConfig,
  readServiceSecrets,
  type ServiceConfig,
  type ServiceSecrets,
} from '@strongroom/service/service-config';

export interface RotationSettings {
  /** Rotations that one replica carries out at once. */
  readonly concurrency: number;
  /** Of one attempt to set or to prove a password. Hosts take some seconds to refuse one. */
  readonly deadlineMs: number;
  /** Whether accounts of this machine itself may be rotated. */
  readonly allowLoopback: boolean;
  /** Whether hosts that ask for it are trusted by the key that they show first. */
  readonly trustOnFirstUse: boolean;
  /** How often each replica looks for rotations and heartbeats that are due. */
  readonly tickMs: number;
  /** How often it is looked at whether a stored password opens its account; 0: only when somebody asks. */
  readonly heartbeatIntervalMs: number;
}

export interface SecretsManagerConfig extends ServiceConfig {
  /** Base address of vault, which keeps the passwords. */
  readonly vaultUrl: string;
  readonly rotation: RotationSettings;
}

export interface SecretsManagerSecrets extends ServiceSecrets, RootKeySecrets {
  /** secrets-manager's own machine identity at auth. */
  readonly machineSecret: string;
}

export function readSecretsManagerConfig(environment: Environment): {
  config: SecretsManagerConfig;
  secrets: SecretsManagerSecrets;
} {
  const settings = readSettings(environment);
  const config = {
    ...readServiceConfig(settings, 'secrets-manager'),
    vaultUrl: settings.url('STRONGROOM_VAULT_URL'),
    rotation: readRotationSettings(settings),
  };
  const secrets: SecretsManagerSecrets = {
    ...readServiceSecrets(settings),
    ...readRootKeys(settings),
    machineSecret: settings.text('STRONGROOM_MACHINE_SECRET'),
  };
  settings.finish();
  return { config, secrets };
}

/** Also for the standalone platform, which makes the rest of the configuration itself. */
export const readRotationSettings = (settings: Settings): RotationSettings => ({
  concurrency: settings.integer('STRONGROOM_ROTATION_CONCURRENCY', { min: 1, max: 1_000 }, 8),
  deadlineMs: settings.integer('STRONGROOM_ROTATION_DEADLINE_MS', { min: 5_000, max: 600_000 }, 30_000),
  allowLoopback: settings.boolean('STRONGROOM_ROTATION_ALLOW_LOOPBACK', false),
  trustOnFirstUse: settings.boolean('STRONGROOM_ROTATION_TRUST_ON_FIRST_USE', true),
  tickMs: settings.integer('STRONGROOM_ROTATION_TICK_MS', { min: 100, max: 3_600_000 }, 30_000),
  heartbeatIntervalMs:
    settings.integer('STRONGROOM_HEARTBEAT_INTERVAL_MINUTES', { min: 0, max: 525_600 }, 1_440) * 60_000,
});
