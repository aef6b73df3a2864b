import { describe, expect, test } from '@jest/globals';
import { readAuthConfig } from './config.ts';

const bootstrap = {
  admin: { username: 'admin', password: 'p'.repeat(43) },
  oauth_client: { id: 'privx-external', secret: 's'.repeat(43) },
  api_client: { id: 'a0000000-0000-4000-8000-000000000000', secret: 't'.repeat(43) },
};
const environment = {
  STRONGROOM_DATABASE_URL: 'postgres://strongroom_auth@127.0.0.1:5432/strongroom',
  STRONGROOM_DATABASE_PASSWORD: 'database-password',
  STRONGROOM_AUTH_URL: 'http://127.0.0.1:8081',
  STRONGROOM_ISSUER: 'https://127.0.0.1:8443',
  STRONGROOM_ROOT_KEY: Buffer.alloc(32, 7).toString('base64url'),
  STRONGROOM_MACHINE_SECRET_VAULT: 'machine-secret',
  STRONGROOM_BOOTSTRAP: JSON.stringify(bootstrap),
};

describe('the settings of auth', () => {
  test('are read, with secrets apart from what may be printed', () => {
    const { config, secrets } = readAuthConfig(environment);
    expect(config).toMatchObject({
      service: 'auth',
      schema: 'auth',
      port: 8080,
      issuer: environment.STRONGROOM_ISSUER,
    });
    expect(secrets.bootstrap).toEqual(bootstrap);
    expect(secrets.machineSecrets['strongroom-vault']).toBe('machine-secret');
    const printed = JSON.stringify(config);
    for (const secret of [
      'database-password',
      'machine-secret',
      environment.STRONGROOM_ROOT_KEY,
      'pppp',
      'ssss',
    ]) {
      expect(printed).not.toContain(secret);
    }
  });

  test('need no bootstrap', () => {
    expect(
      readAuthConfig({ ...environment, STRONGROOM_BOOTSTRAP: undefined }).secrets.bootstrap,
    ).toBeUndefined();
  });

  test('are refused with every fault at once, and no value', () => {
    const read = () =>
      readAuthConfig({
        ...environment,
        STRONGROOM_ROOT_KEY: 'plum',
        STRONGROOM_BOOTSTRAP: '{"plum"',
        STRONGROOM_ISSUER: '',
      });
    expect(read).toThrow(
      /STRONGROOM_ROOT_KEY[^]*STRONGROOM_BOOTSTRAP|STRONGROOM_BOOTSTRAP[^]*STRONGROOM_ROOT_KEY/,
    );
    expect(read).toThrow(/STRONGROOM_ISSUER/);
    expect(read).not.toThrow(/plum/);
  });
});
