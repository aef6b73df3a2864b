import { describe, expect, test } from '@jest/globals';
import { readVaultConfig } from './config.ts';

const environment = {
  STRONGROOM_DATABASE_URL: 'postgres://strongroom_vault@127.0.0.1:5432/strongroom',
  STRONGROOM_DATABASE_PASSWORD: 'database-password',
  STRONGROOM_AUTH_URL: 'http://127.0.0.1:8081',
  STRONGROOM_SECRETS_MANAGER_URL: 'http://127.0.0.1:8083',
  STRONGROOM_ISSUER: 'https://127.0.0.1:8443',
  STRONGROOM_ROOT_KEY: Buffer.alloc(32, 7).toString('base64url'),
  STRONGROOM_MACHINE_SECRET: 'machine-secret',
};

describe('the settings of vault', () => {
  test('are read, with secrets apart from what may be printed', () => {
    const { config, secrets } = readVaultConfig(environment);
    expect(config).toMatchObject({ service: 'vault', schema: 'vault', port: 8080, databasePoolSize: 10 });
    expect(secrets.machineSecret).toBe('machine-secret');
    expect(Buffer.from(secrets.rootKey.reveal())).toEqual(Buffer.alloc(32, 7));
    const printed = JSON.stringify(config);
    for (const secret of ['database-password', 'machine-secret', environment.STRONGROOM_ROOT_KEY]) {
      expect(printed).not.toContain(secret);
    }
    expect(JSON.stringify(secrets.rootKey)).not.toContain(environment.STRONGROOM_ROOT_KEY);
  });

  test('are refused with every fault at once, and no value', () => {
    const read = () =>
      readVaultConfig({ ...environment, STRONGROOM_ROOT_KEY: 'plum', STRONGROOM_MACHINE_SECRET: undefined });
    expect(read).toThrow(/STRONGROOM_ROOT_KEY/);
    expect(read).toThrow(/STRONGROOM_MACHINE_SECRET/);
    expect(read).not.toThrow(/plum/);
  });
});
