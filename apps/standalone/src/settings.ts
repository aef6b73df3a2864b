import { isIP } from 'node:net';
import { resolve } from 'node:path';
import { readGatewayLimits, type GatewayLimits } from '@strongroom/api-gateway/config';
import { readAuthSettings, type AuthSettings } from '@strongroom/auth/config';
import { type Environment, readSettings, type Settings } from '@strongroom/config/settings';
import {
  readForwarding,
  readTrailSettings,
  type ForwardingConfig,
  type ForwardingSecrets,
  type TrailSettings,
} from '@strongroom/monitor/config';
import { parseRootKey } from '@strongroom/crypto/root-key';
import type { SecretBytes } from '@strongroom/crypto/secret-bytes';
import { isHostName, isOrigin } from '@strongroom/installation/public-address';
import type { LogLevel } from '@strongroom/log/logger';
import { newRootKey } from '@strongroom/service/root-key-settings';
import { readCallerLimits } from '@strongroom/service/service-config';
import { readRotationSettings, type RotationSettings } from '@strongroom/secrets-manager/config';
import { readVaultSettings, type VaultSettings } from '@strongroom/vault/config';
import { readObservability, type ObservabilitySettings } from '@strongroom/service/observability';

export interface StandaloneSettings {
  readonly dataDirectory: string;
  /** Where the gateway listens. */
  readonly host: string;
  /** 0: any free port, for tests. */
  readonly port: number;
  /** Where people and programs reach it, when that is another address than the one it listens on. */
  readonly publicUrl: string | undefined;
  readonly logLevel: LogLevel;
  readonly limits: GatewayLimits;
  /** Of each service. */
  readonly callerRateLimitPerSecond: number;
  readonly auth: AuthSettings;
  readonly vault: VaultSettings;
  readonly rotation: RotationSettings;
  readonly observability: ObservabilitySettings;
  readonly trail: TrailSettings;
  readonly forwarding: ForwardingConfig;
}

export interface StandaloneSecrets extends ForwardingSecrets {
  /** Given by the operator instead of `root.key` in the data directory. */
  readonly rootKey: SecretBytes | undefined;
  /** Given by the operator instead of `audit.key` in the data directory. */
  readonly auditKey: SecretBytes | undefined;
  /** The root key to change to, if there is one: by default that of `new-root.key` in the data directory. */
  readonly newRootKey: () => SecretBytes | undefined;
}

// The same from src and from dist.
const REPOSITORY = resolve(import.meta.dirname, '..', '..', '..');

export function readStandaloneSettings(environment: Environment): {
  settings: StandaloneSettings;
  secrets: StandaloneSecrets;
} {
  const values = readSettings(environment);
  const forwarding = readForwarding(values);
  const settings: StandaloneSettings = Object.freeze({
    dataDirectory: resolve(REPOSITORY, values.text('STRONGROOM_DATA_DIR', 'var/standalone')),
    host: values.text('STRONGROOM_HOST', '127.0.0.1'),
    port: values.integer('STRONGROOM_PORT', { min: 0, max: 65_535 }, 8443),
    publicUrl: values.optionalText('STRONGROOM_PUBLIC_URL'),
    logLevel: values.choice('STRONGROOM_LOG_LEVEL', ['debug', 'info', 'warn', 'error'], 'info'),
    limits: readGatewayLimits(values),
    ...readCallerLimits(values),
    auth: readAuthSettings(values),
    vault: readVaultSettings(values),
    rotation: readRotationSettings(values),
    observability: readObservability(values, 0),
    trail: readTrailSettings(values),
    forwarding: forwarding.config,
  });
  if (isIP(settings.host) === 0 && !isHostName(settings.host)) {
    values.fault('STRONGROOM_HOST must be an IP address or a host name');
  }
  if (settings.publicUrl !== undefined && !isOrigin(settings.publicUrl)) {
    values.fault('STRONGROOM_PUBLIC_URL must be https, a host and no path, e.g. https://vault.example.org');
  }
  const secrets: StandaloneSecrets = {
    rootKey: readKey(values, 'STRONGROOM_ROOT_KEY'),
    auditKey: readKey(values, 'STRONGROOM_AUDIT_KEY'),
    newRootKey: newRootKey(
      values.laterText('STRONGROOM_NEW_ROOT_KEY', resolve(settings.dataDirectory, 'new-root.key')),
    ),
    ...forwarding.secrets,
  };
  values.finish();
  return { settings, secrets };
}

function readKey(values: Settings, name: string): SecretBytes | undefined {
  const text = values.optionalText(name);
  if (text === undefined) return undefined;
  const key = parseRootKey(text);
  if (key === undefined) values.fault(`${name} must be 32 bytes in base64url`);
  return key;
}
