import { describe, expect, test } from '@jest/globals';
import { readMonitorConfig } from './config.ts';

const KEY = Buffer.alloc(32, 7).toString('base64url');
const GIVEN = {
  STRONGROOM_DATABASE_URL: 'postgres://monitor@db/strongroom',
  STRONGROOM_DATABASE_PASSWORD: 'password',
  STRONGROOM_AUTH_URL: 'http://auth:8080',
  STRONGROOM_ISSUER: 'https://vault.example.org',
  STRONGROOM_VAULT_URL: 'http://vault:8080',
  STRONGROOM_MACHINE_SECRET: 'secret',
  STRONGROOM_AUDIT_KEY: KEY,
};

describe('readMonitorConfig', () => {
  test('signs hourly and drops nothing unless told', () => {
    const { config, secrets } = readMonitorConfig(GIVEN);
    expect(config).toMatchObject({ service: 'monitor', checkpointMinutes: 60, retentionMonths: 0 });
    expect(secrets.auditKey.reveal()).toEqual(Buffer.alloc(32, 7));
    expect(JSON.stringify(secrets)).not.toContain(KEY);
  });

  test.each([
    ['', /STRONGROOM_AUDIT_KEY is required \(or STRONGROOM_AUDIT_KEY_FILE\)$/],
    ['canary', /STRONGROOM_AUDIT_KEY must be 32 bytes in base64url$/],
  ])('wants an audit key: %j', (key, message) => {
    const read = () => readMonitorConfig({ ...GIVEN, STRONGROOM_AUDIT_KEY: key });
    expect(read).toThrow(message);
    expect(read).not.toThrow('canary');
  });
});
