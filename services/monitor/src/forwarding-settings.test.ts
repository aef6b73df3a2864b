import { describe, expect, test } from '@jest/globals';
import { readSettings, SettingsError } from '@strongroom/config/settings';
import { readForwarding } from './forwarding-settings.ts';

function read(environment: Record<string, string>) {
  const settings = readSettings(environment);
  const forwarding = readForwarding(settings);
  settings.finish();
  return forwarding;
}

function faultsOf(environment: Record<string, string>): string {
  try {
    read(environment);
  } catch (error) {
    if (error instanceof SettingsError) return error.message;
    throw error;
  }
  return '';
}

describe('the settings of forwarding', () => {
  test('forward nothing by default', () => {
    expect(read({})).toEqual({
      config: { syslog: undefined, http: undefined, from: 'now' },
      secrets: { auditHttpToken: undefined },
    });
  });

  test.each([
    ['tcp://logs', { host: 'logs', port: 601, tls: false }],
    ['tcp://logs:514', { host: 'logs', port: 514, tls: false }],
    ['tls://logs.example.org', { host: 'logs.example.org', port: 6514, tls: true }],
    ['tls://[::1]:7000/', { host: '::1', port: 7000, tls: true }],
  ])('take %s as a syslog receiver', (url, target) => {
    expect(read({ STRONGROOM_SYSLOG_URL: url }).config.syslog).toEqual({ ...target, ca: undefined });
  });

  test.each([
    'logs:514',
    'udp://logs:514',
    'tcp://',
    'tcp://user:CANARY@logs',
    'tls://logs/CANARY',
    'tcp://logs?CANARY',
  ])('refuse %s as a syslog receiver', url => {
    const faults = faultsOf({ STRONGROOM_SYSLOG_URL: url });
    expect(faults).toContain('STRONGROOM_SYSLOG_URL must be');
    expect(faults).not.toContain('CANARY');
  });

  test('keep the token of the HTTP sink apart from what may be printed', () => {
    const { config, secrets } = read({
      STRONGROOM_AUDIT_HTTP_URL: 'https://siem.example.org/intake?source=strongroom',
      STRONGROOM_AUDIT_HTTP_TOKEN: 'CANARY',
      STRONGROOM_AUDIT_HTTP_GZIP: 'true',
    });
    expect(config.http).toEqual({
      url: 'https://siem.example.org/intake?source=strongroom',
      ca: undefined,
      gzip: true,
    });
    expect(secrets.auditHttpToken).toBe('CANARY');
    expect(JSON.stringify(config)).not.toContain('CANARY');
  });

  test('refuse an address with a password, a token that is no header, and one without an address', () => {
    expect(faultsOf({ STRONGROOM_AUDIT_HTTP_URL: 'https://user:CANARY@siem' })).toContain('without user');
    const faults = faultsOf({ STRONGROOM_AUDIT_HTTP_TOKEN: 'CANARY\nx' });
    expect(faults).toContain('must be a bearer token');
    expect(faults).toContain('without STRONGROOM_AUDIT_HTTP_URL');
    expect(faults).not.toContain('CANARY');
  });
});
