import { describe, expect, test } from '@jest/globals';
import { readSettings, SettingsError } from '@strongroom/config/settings';
import { readServiceConfig, readServiceSecrets } from './service-config.ts';

const REQUIRED = {
  STRONGROOM_DATABASE_URL: 'postgres://strongroom_vault@db:5432/strongroom',
  STRONGROOM_AUTH_URL: 'http://auth:8080',
  STRONGROOM_ISSUER: 'https://strongroom.test',
  STRONGROOM_DATABASE_PASSWORD: 'CANARY',
};

describe('the settings of a service', () => {
  test('have defaults for all but addresses and secrets, and cannot be changed', () => {
    const settings = readSettings(REQUIRED);
    const config = readServiceConfig(settings, 'secrets-manager');
    expect(config).toMatchObject({
      service: 'secrets-manager',
      schema: 'secrets_manager',
      host: '127.0.0.1',
      port: 8080,
      databaseUrl: REQUIRED.STRONGROOM_DATABASE_URL,
      authUrl: REQUIRED.STRONGROOM_AUTH_URL,
      issuer: REQUIRED.STRONGROOM_ISSUER,
      logLevel: 'info',
    });
    expect(readServiceSecrets(settings)).toEqual({ databasePassword: 'CANARY' });
    expect(() => settings.finish()).not.toThrow();
    expect(Object.isFrozen(config)).toBe(true);
    expect(JSON.stringify(config)).not.toContain('CANARY');
  });

  test('that are wrong or missing are told all at once, without their values', () => {
    const settings = readSettings({
      STRONGROOM_LISTEN_PORT: '65536',
      STRONGROOM_DATABASE_POOL_SIZE: '1',
      STRONGROOM_DATABASE_DEADLINE_MS: '0',
      STRONGROOM_SHUTDOWN_DEADLINE_MS: '-1',
      STRONGROOM_LOG_LEVEL: 'CANARY',
      STRONGROOM_ISSUER: 'CANARY',
    });
    readServiceConfig(settings, 'vault');
    readServiceSecrets(settings);
    let fault: unknown;
    try {
      settings.finish();
    } catch (error) {
      fault = error;
    }
    expect(fault).toBeInstanceOf(SettingsError);
    const { faults, message } = fault as SettingsError;
    expect(faults.map(text => text.split(' ')[0]).sort()).toEqual([
      'STRONGROOM_AUTH_URL',
      'STRONGROOM_DATABASE_DEADLINE_MS',
      'STRONGROOM_DATABASE_PASSWORD',
      'STRONGROOM_DATABASE_POOL_SIZE',
      'STRONGROOM_DATABASE_URL',
      'STRONGROOM_ISSUER',
      'STRONGROOM_LISTEN_PORT',
      'STRONGROOM_LOG_LEVEL',
      'STRONGROOM_SHUTDOWN_DEADLINE_MS',
    ]);
    expect(message).not.toContain('CANARY');
  });
});
