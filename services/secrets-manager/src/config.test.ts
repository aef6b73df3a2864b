import { expect, test } from '@jest/globals';
import { SecretBytes } from '@strongroom/crypto/secret-bytes';
import { readSecretsManagerConfig } from './config.ts';

const environment = {
  STRONGROOM_DATABASE_URL: 'postgres://strongroom_secrets_manager@db:5432/strongroom',
  STRONGROOM_DATABASE_PASSWORD: 'plum-5512',
  STRONGROOM_AUTH_URL: 'http://auth:8080',
  STRONGROOM_VAULT_URL: 'http://vault:8080',
  STRONGROOM_ISSUER: 'https://vault.example.com',
  STRONGROOM_MACHINE_SECRET: 'pear-7741',
  STRONGROOM_ROOT_KEY: 'A'.repeat(43),
};

test('reads its settings and keeps the password out of the config', () => {
  const { config, secrets } = readSecretsManagerConfig(environment);
  expect(config).toMatchObject({ service: 'secrets-manager', schema: 'secrets_manager' });
  expect(secrets).toMatchObject({
    databasePassword: 'plum-5512',
    rootKey: new SecretBytes(new Uint8Array(32)),
    machineSecret: 'pear-7741',
  });
  expect(JSON.stringify(config)).not.toMatch(/plum-5512|pear-7741/);
});

test('names every setting that is missing', () => {
  expect(() => readSecretsManagerConfig({})).toThrow(
    /STRONGROOM_DATABASE_URL[^]*STRONGROOM_AUTH_URL[^]*STRONGROOM_ISSUER[^]*STRONGROOM_VAULT_URL[^]*STRONGROOM_DATABASE_PASSWORD[^]*STRONGROOM_ROOT_KEY[^]*STRONGROOM_MACHINE_SECRET/,
  );
});

test('refuses a root key that is none, and does not repeat it', () => {
  const read = () => readSecretsManagerConfig({ ...environment, STRONGROOM_ROOT_KEY: 'fig-2290' });
  expect(read).toThrow(/STRONGROOM_ROOT_KEY/);
  expect(read).not.toThrow(/fig-2290/);
});
