import { describe, expect, test } from '@jest/globals';
import type { ReplicaReported } from '@strongroom/contracts/replica-events';
import { overallStatus } from './overall-status.ts';
import { createReplicas } from './replicas.ts';

const report = (id: string, other: Partial<ReplicaReported> = {}): ReplicaReported => ({
  id,
  hostname: 'host',
  service: 'vault',
  version: '1',
  startedAt: '2026-01-01T00:00:00.000Z',
  state: 'ready',
  message: 'OK',
  ...other,
});

const at = (seconds: number) => new Date(seconds * 1_000);

describe('the replicas that monitor knows', () => {
  test('are each listed once, by host and service', () => {
    const replicas = createReplicas();
    replicas.take(report('3', { hostname: 'b' }), at(0));
    replicas.take(report('2', { service: 'auth' }), at(0));
    replicas.take(report('1'), at(0));
    replicas.take(report('1', { state: 'not-ready', message: 'Not ready' }), at(1));
    expect(replicas.list(at(2), true).map(({ id, isReady, message }) => [id, isReady, message])).toEqual([
      ['3', true, 'OK'],
      ['2', true, 'OK'],
      ['1', false, 'Not ready'],
    ]);
  });

  test('are silent after fifteen seconds and forgotten after ten minutes', () => {
    const replicas = createReplicas();
    replicas.take(report('1'), at(0));
    const messageAt = (seconds: number) => replicas.list(at(seconds), true)[0]?.message;
    expect([15, 15.001, 600, 600.001].map(messageAt)).toEqual([
      'OK',
      'NOT RESPONDING',
      'NOT RESPONDING',
      undefined,
    ]);
  });

  test('are forgotten at once when they stop', () => {
    const replicas = createReplicas();
    replicas.take(report('1'), at(0));
    replicas.take(report('1', { state: 'stopped' }), at(1));
    expect(replicas.list(at(1), true)).toEqual([]);
  });

  test('are kept, and not called silent, while nobody can be heard', () => {
    const replicas = createReplicas();
    replicas.take(report('1'), at(0));
    expect(replicas.list(at(5_000), false)[0]?.message).toMatch(/^UNKNOWN/);
  });

  test('are bounded in number', () => {
    const replicas = createReplicas();
    for (let id = 0; id < 2_000; id += 1) replicas.take(report(String(id)), at(0));
    expect(replicas.list(at(0), true)).toHaveLength(1_000);
  });
});

describe('the platform', () => {
  const ALL = ['api-gateway', 'auth', 'monitor', 'secrets-manager', 'vault'];
  const known = (...reports: ReplicaReported[]) => {
    const replicas = createReplicas();
    for (const each of reports) replicas.take(each, at(0));
    return replicas.list(at(0), true);
  };
  const whole = ALL.map(service => report(service, { service }));

  test('runs when every service has a replica that is ready', () => {
    const { status, message, services } = overallStatus(known(...whole), true);
    expect([status, message]).toEqual(['RUNNING', 'OK']);
    expect(services).toEqual(ALL.map(service => ({ service, known: 1, ready: 1 })));
  });

  test('is in danger when one of several replicas is not', () => {
    const ailing = report('other', { state: 'not-ready', message: 'Not ready' });
    expect(overallStatus(known(...whole, ailing), true)).toMatchObject({
      status: 'WARNING',
      message: 'Some replicas are not ready: vault',
    });
  });

  test('fails when a service has none', () => {
    expect(overallStatus(known(...whole.slice(1)), true)).toMatchObject({
      status: 'ERROR',
      message: 'No replica is ready: api-gateway',
    });
  });

  test('cannot be judged while nobody is heard', () => {
    expect(overallStatus([], false).status).toBe('WARNING');
  });
});
