import { readSettings, type Environment } from '@strongroom/config/settings';
import { parseRootKey } from '@strongroom/crypto/root-key';
import { SecretBytes } from '@strongroom/crypto/secret-bytes';
import {
  readServiceConfig,
  readServiceSecrets,
  type ServiceConfig,
  type ServiceSecrets,
} from '@strongroom/service/service-config';

export type SecretsManagerConfig = ServiceConfig;

export interface SecretsManagerSecrets extends ServiceSecrets {
  readonly rootKey: SecretBytes;
  /** secrets-manager's own machine identity at auth. */
  readonly machineSecret: string;
}

export function readSecretsManagerConfig(environment: Environment): {
  config: SecretsManagerConfig;
  secrets: SecretsManagerSecrets;
} {
  const settings = readSettings(environment);
  const config = readServiceConfig(settings, 'secrets-manager');
  const rootKey = parseRootKey(settings.text('STRONGROOM_ROOT_KEY'));
  if (rootKey === undefined) settings.fault('STRONGROOM_ROOT_KEY must be 32 bytes in base64url');
  const secrets: SecretsManagerSecrets = {
    ...readServiceSecrets(settings),
    rootKey: rootKey ?? new SecretBytes(new Uint8Array()),
    machineSecret: settings.text('STRONGROOM_MACHINE_SECRET'),
  };
  settings.finish();
  return { config, secrets };
}
