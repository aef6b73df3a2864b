import { describe, expect, test } from '@jest/globals';
import { SettingsError } from '@strongroom/config/settings';
import { readGatewayConfig } from './config.ts';

const LEAST = {
  STRONGROOM_TLS: 'off',
  STRONGROOM_AUTH_URL: 'http://auth:8080',
  STRONGROOM_VAULT_URL: 'http://vault:8080',
  STRONGROOM_SECRETS_MANAGER_URL: 'http://secrets-manager:8080',
  STRONGROOM_MONITOR_URL: 'https://monitor',
};

function faultsOf(environment: Record<string, string>): string {
  try {
    readGatewayConfig(environment);
  } catch (error) {
    if (error instanceof SettingsError) return error.faults.join('\n');
    throw error;
  }
  return '';
}

describe('readGatewayConfig', () => {
  test('has a default for all but the upstreams and TLS', () => {
    expect(readGatewayConfig(LEAST)).toEqual({
      host: '127.0.0.1',
      port: 8443,
      upstreams: {
        auth: 'http://auth:8080',
        vault: 'http://vault:8080',
        'secrets-manager': 'http://secrets-manager:8080',
        monitor: 'https://monitor',
      },
      rateLimitPerSecond: 500,
      signInRateLimitPerSecond: 50,
      maxBodyBytes: 4 * 1024 * 1024,
      upstreamTimeoutMs: 30_000,
      shutdownDeadlineMs: 10_000,
      drainMs: 3_000,
      accessLog: false,
      logLevel: 'info',
    });
  });

  test('names every fault at once', () => {
    const faults = faultsOf({
      STRONGROOM_PORT: '0',
      STRONGROOM_VAULT_URL: 'http://vault:8080/prefix',
      STRONGROOM_MONITOR_URL: 'ftp://monitor',
      STRONGROOM_AUTH_URL: 'http://user:canary@auth',
      STRONGROOM_RATE_LIMIT_PER_SECOND: '0',
    });
    for (const name of [
      'PORT',
      'VAULT_URL',
      'MONITOR_URL',
      'AUTH_URL',
      'SECRETS_MANAGER_URL',
      'RATE_LIMIT_PER_SECOND',
    ]) {
      expect(faults).toContain(`STRONGROOM_${name} `);
    }
    expect(faults).toContain('STRONGROOM_TLS_CERT and STRONGROOM_TLS_KEY are required');
    expect(faults).not.toContain('canary');
  });

  test('leaves TLS out only when told so, and refuses a pair that is none', () => {
    const silent = { ...LEAST, STRONGROOM_TLS: '' };
    expect(faultsOf(silent)).toContain('STRONGROOM_TLS_CERT');
    const broken = faultsOf({ ...silent, STRONGROOM_TLS_CERT: 'x', STRONGROOM_TLS_KEY: 'canary' });
    expect(broken).toContain('must be a certificate and its key');
    expect(broken).not.toContain('canary');
    expect(faultsOf({ ...LEAST, STRONGROOM_TLS_KEY: 'x' })).toContain('STRONGROOM_TLS is off');
  });
});
