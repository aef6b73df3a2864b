import { readGatewayLimits } from '@strongroom/api-gateway/config';
import { readAuthSettings } from '@strongroom/auth/config';
import { readSettings } from '@strongroom/config/settings';
import { readObservability } from '@strongroom/service/observability';
import { readForwarding, readTrailSettings } from '@strongroom/monitor/config';
import { expect, test } from '@jest/globals';
import { resolve } from 'node:path';
import { readStandaloneSettings } from './settings.ts';

const KEY = Buffer.alloc(32, 7).toString('base64url');
const repository = resolve(import.meta.dirname, '../../..');

test('all settings have defaults', () => {
  const { settings, secrets } = readStandaloneSettings({});
  expect(settings).toEqual({
    dataDirectory: resolve(repository, 'var/standalone'),
    host: '127.0.0.1',
    port: 8443,
    limits: readGatewayLimits(readSettings({})),
    publicUrl: undefined,
    callerRateLimitPerSecond: 500,
    auth: readAuthSettings(readSettings({})),
    vault: { expiryWarningDays: 14 },
    rotation: {
      concurrency: 8,
      deadlineMs: 30_000,
      allowLoopback: false,
      trustOnFirstUse: true,
      tickMs: 30_000,
      heartbeatIntervalMs: 86_400_000,
    },
    observability: readObservability(readSettings({}), 0),
    trail: readTrailSettings(readSettings({})),
    forwarding: readForwarding(readSettings({})).config,
    logLevel: 'info',
  });
  expect(secrets).toEqual({ rootKey: undefined, auditKey: undefined, newRootKey: expect.any(Function) });
});

test('settings are taken as given', () => {
  const { settings, secrets } = readStandaloneSettings({
    STRONGROOM_DATA_DIR: '/srv/strongroom',
    STRONGROOM_HOST: 'vault.example.org',
    STRONGROOM_PORT: '0',
    STRONGROOM_LOG_LEVEL: 'debug',
    STRONGROOM_ROOT_KEY: KEY,
    STRONGROOM_AUDIT_KEY: Buffer.alloc(32, 8).toString('base64url'),
    STRONGROOM_AUDIT_RETENTION_MONTHS: '24',
    STRONGROOM_RATE_LIMIT_PER_SECOND: '7',
    STRONGROOM_CALLER_RATE_LIMIT_PER_SECOND: '20',
    STRONGROOM_PUBLIC_URL: 'https://vault.example.org',
    STRONGROOM_SIGNING_KEY_DAYS: '30',
    STRONGROOM_EXPIRY_WARNING_DAYS: '30',
    STRONGROOM_METRICS_PORT: '9464',
    STRONGROOM_OTLP_URL: 'http://jaeger:4318',
    STRONGROOM_TRACE_RATIO: '1',
  });
  expect(settings).toEqual({
    dataDirectory: '/srv/strongroom',
    host: 'vault.example.org',
    port: 0,
    limits: { ...readGatewayLimits(readSettings({})), rateLimitPerSecond: 7 },
    publicUrl: 'https://vault.example.org',
    callerRateLimitPerSecond: 20,
    auth: { ...readAuthSettings(readSettings({})), signingKeyDays: 30 },
    vault: { expiryWarningDays: 30 },
    rotation: {
      concurrency: 8,
      deadlineMs: 30_000,
      allowLoopback: false,
      trustOnFirstUse: true,
      tickMs: 30_000,
      heartbeatIntervalMs: 86_400_000,
    },
    observability: {
      metricsHost: '127.0.0.1',
      metricsPort: 9464,
      otlpUrl: 'http://jaeger:4318',
      traceRatio: 1,
    },
    trail: { checkpointMinutes: 60, retentionMonths: 24 },
    forwarding: readForwarding(readSettings({})).config,
    logLevel: 'debug',
  });
  expect(secrets.rootKey?.reveal()).toEqual(Buffer.alloc(32, 7));
  expect(secrets.auditKey?.reveal()).toEqual(Buffer.alloc(32, 8));
});

test('all faults are told at once, without the keys', () => {
  const bad = {
    STRONGROOM_PORT: '70000',
    STRONGROOM_HOST: 'no host',
    STRONGROOM_ROOT_KEY: 'canary-not-a-key',
    STRONGROOM_AUDIT_KEY: 'canary-not-a-key-either',
    STRONGROOM_OTLP_URL: 'canary:4318',
    STRONGROOM_TRACE_RATIO: '1.5',
  };
  expect(() => readStandaloneSettings(bad)).toThrow(
    /STRONGROOM_PORT[^]*OTLP_URL[^]*TRACE_RATIO[^]*STRONGROOM_HOST[^]*STRONGROOM_ROOT_KEY[^]*STRONGROOM_AUDIT_KEY/,
  );
  expect(() => readStandaloneSettings(bad)).not.toThrow(/canary/);
});

test.each([
  'http://vault.example.org',
  'https://vault.example.org/',
  'https://vault.example.org/x',
  'vault',
  'https://A.b',
])('no address that clients can be told: %s', url => {
  expect(() => readStandaloneSettings({ STRONGROOM_PUBLIC_URL: url })).toThrow(/STRONGROOM_PUBLIC_URL/);
});
