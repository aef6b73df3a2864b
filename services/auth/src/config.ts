import { readSettings, type Environment, type Settings } from '@strongroom/config/settings';
import { readRootKeys, type RootKeySecrets } from '@strongroom/service/root-key-settings';
import {
  readServiceConfig,
  readServiceSecrets,
  type ServiceConfig,
  type ServiceSecrets,
} from '@strongroom/service/service-config';
import { parseBootstrap, type Bootstrap } from './domain/bootstrap.ts';
import { MACHINE_CLIENTS, type MachineClientId } from './domain/machine-clients.ts';
import type { PasswordPolicy } from './domain/password-policy.ts';

/** What only auth has; standalone reads it, too. */
export interface AuthSettings {
  /** Age at which the keys that sign tokens get successors; 0: never by itself. */
  readonly signingKeyDays: number;
  /** Hosts that auth may fetch keys of identity providers from although their addresses are not public. */
  readonly outboundAllow: readonly string[];
  /** For the passwords of people. */
  readonly passwordPolicy: PasswordPolicy;
  /** How long ago a person may have signed in who does something sensitive; 0: any time. */
  readonly stepUpSeconds: number;
}

export type AuthConfig = ServiceConfig & AuthSettings;

export interface AuthSecrets extends ServiceSecrets, RootKeySecrets {
  /** The secrets by which the platform's own services sign in. They live in settings only, not in the database. */
  readonly machineSecrets: Readonly<Record<MachineClientId, string>>;
  /** What the first start makes; ignored once it is there. */
  readonly bootstrap: Bootstrap | undefined;
}

export function readAuthConfig(environment: Environment): { config: AuthConfig; secrets: AuthSecrets } {
  const settings = readSettings(environment);
  const config: AuthConfig = Object.freeze({
    ...readServiceConfig(settings, 'auth'),
    ...readAuthSettings(settings),
  });
  const bootstrapText = settings.optionalText('STRONGROOM_BOOTSTRAP');
  const bootstrap = bootstrapText === undefined ? undefined : parseBootstrap(bootstrapText);
  if (bootstrapText !== undefined && bootstrap === undefined) {
    settings.fault('STRONGROOM_BOOTSTRAP must have the form of credentials.json');
  }
  const secretOf = (id: MachineClientId) => settings.text(MACHINE_CLIENTS[id].secretSetting);
  const secrets: AuthSecrets = {
    ...readServiceSecrets(settings),
    ...readRootKeys(settings),
    machineSecrets: {
      'strongroom-vault': secretOf('strongroom-vault'),
      'strongroom-secrets-manager': secretOf('strongroom-secrets-manager'),
      'strongroom-monitor': secretOf('strongroom-monitor'),
    },
    bootstrap,
  };
  settings.finish();
  return { config, secrets };
}

/** Host names and addresses, apart by blanks or commas. */
const readOutboundAllow = (settings: Settings): string[] =>
  settings
    .text('STRONGROOM_OUTBOUND_ALLOW', '')
    .split(/[\s,]+/)
    .filter(host => host !== '')
    .map(host => host.toLowerCase());

export const readAuthSettings = (settings: Settings): AuthSettings => ({
  signingKeyDays: settings.integer('STRONGROOM_SIGNING_KEY_DAYS', { min: 0, max: 3_650 }, 90),
  outboundAllow: readOutboundAllow(settings),
  // Length and a blocklist, and classes of characters only where an installation must.
  passwordPolicy: {
    minLength: settings.integer('STRONGROOM_PASSWORD_MIN_LENGTH', { min: 8, max: 128 }, 12),
    requireLowerCase: settings.boolean('STRONGROOM_PASSWORD_REQUIRE_LOWER_CASE', false),
    requireUpperCase: settings.boolean('STRONGROOM_PASSWORD_REQUIRE_UPPER_CASE', false),
    requireDigit: settings.boolean('STRONGROOM_PASSWORD_REQUIRE_DIGIT', false),
    requireSymbol: settings.boolean('STRONGROOM_PASSWORD_REQUIRE_SYMBOL', false),
  },
  stepUpSeconds: settings.integer('STRONGROOM_STEP_UP_SECONDS', { min: 0, max: 86_400 }, 0),
});
