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
  STRONGROOM_MACHINE_SECRET_SECRETS_MANAGER: 'machine-secret-two',
  STRONGROOM_MACHINE_SECRET_MONITOR: 'machine-secret-three',
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
    expect(secrets.machineSecrets).toEqual({
      'strongroom-vault': 'machine-secret',
      'strongroom-secrets-manager': 'machine-secret-two',
      'strongroom-monitor': 'machine-secret-three',
    });
    expect(config.signingKeyDays).toBe(90);
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

  test('may keep the signing keys for another time, or for ever', () => {
    const read = (days: string) => readAuthConfig({ ...environment, STRONGROOM_SIGNING_KEY_DAYS: days });
    expect(read('0').config.signingKeyDays).toBe(0);
    expect(read('7').config.signingKeyDays).toBe(7);
    expect(() => read('-1')).toThrow(/STRONGROOM_SIGNING_KEY_DAYS/);
    expect(() => read('1.5')).toThrow(/STRONGROOM_SIGNING_KEY_DAYS/);
  });

  test('name hosts that may be asked in the own network', () => {
    expect(readAuthConfig(environment).config.outboundAllow).toEqual([]);
    const given = { ...environment, STRONGROOM_OUTBOUND_ALLOW: 'IdP.internal, 10.0.0.9  ::1' };
    expect(readAuthConfig(given).config.outboundAllow).toEqual(['idp.internal', '10.0.0.9', '::1']);
  });

  test('demand length of passwords, and classes where they are set', () => {
    const policyOf = (more: Record<string, string>) =>
      readAuthConfig({ ...environment, ...more }).config.passwordPolicy;
    const none = {
      requireLowerCase: false,
      requireUpperCase: false,
      requireDigit: false,
      requireSymbol: false,
    };
    expect(policyOf({})).toEqual({ minLength: 12, ...none });
    const all = {
      STRONGROOM_PASSWORD_MIN_LENGTH: '15',
      STRONGROOM_PASSWORD_REQUIRE_LOWER_CASE: 'true',
      STRONGROOM_PASSWORD_REQUIRE_UPPER_CASE: 'true',
      STRONGROOM_PASSWORD_REQUIRE_DIGIT: 'true',
      STRONGROOM_PASSWORD_REQUIRE_SYMBOL: 'true',
    };
    expect(policyOf(all)).toEqual({
      minLength: 15,
      requireLowerCase: true,
      requireUpperCase: true,
      requireDigit: true,
      requireSymbol: true,
    });
    expect(() => policyOf({ STRONGROOM_PASSWORD_MIN_LENGTH: '7' })).toThrow(/STRONGROOM_PASSWORD_MIN_LENGTH/);
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
