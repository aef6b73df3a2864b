import { afterEach, describe, expect, test } from '@jest/globals';
import type { Bus } from '@strongroom/bus/bus';
import { createMemoryBus } from '@strongroom/bus/memory-bus';
import type { ReplicaReported } from '@strongroom/contracts/replica-events';
import { silentLogger } from '@strongroom/log/logger';
import { eventually } from '@strongroom/testing/eventually';
import { reportReplica } from './report-replica.ts';

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

async function reporter(overrides: { bus?: Partial<Bus>; isReady?: () => Promise<boolean> } = {}) {
  const memory = createMemoryBus([]);
  const reports: ReplicaReported[] = [];
  await memory.subscribe({
    queue: 'test',
    types: ['*.replica.reported'],
    handle(events) {
      reports.push(...events.map(event => event.data as ReplicaReported));
      return Promise.resolve();
    },
  });
  const clock = { ms: 1_000_000, looks: 0 };
  const stop = reportReplica({
    bus: { ...memory, ...overrides.bus },
    config: { service: 'vault', version: '1.2.3' },
    instance: { id: 'replica-1', hostname: 'host-1', startedAt: new Date(0) },
    isReady() {
      clock.looks += 1;
      return overrides.isReady?.() ?? Promise.resolve(true);
    },
    log: silentLogger,
    now: () => new Date(clock.ms),
    newId: () => 'event-1',
    checkMs: 5,
  });
  stops.push(stop);
  const twoLooks = async () => {
    const before = clock.looks;
    await eventually('two looks', () => clock.looks > before + 2);
  };
  return { reports, clock, stop, twoLooks, memory };
}

describe('a replica', () => {
  test('reports at its start, every five seconds and at its stop', async () => {
    const { reports, clock, stop, twoLooks } = await reporter();
    await twoLooks();
    expect(reports).toEqual([
      {
        id: 'replica-1',
        hostname: 'host-1',
        service: 'vault',
        version: '1.2.3',
        startedAt: '1970-01-01T00:00:00.000Z',
        state: 'ready',
        message: 'OK',
      },
    ]);
    clock.ms += 4_999;
    await twoLooks();
    expect(reports).toHaveLength(1);
    clock.ms += 1;
    await eventually('the second report', () => reports.length === 2);
    await stop();
    await stop();
    expect(reports.map(({ state }) => state)).toEqual(['ready', 'ready', 'stopped']);
  });

  test('reports at once that it cannot work, and that it can again', async () => {
    let isReady: () => Promise<boolean> = () => Promise.resolve(false);
    const { reports, twoLooks } = await reporter({ isReady: () => isReady() });
    await twoLooks();
    isReady = () => Promise.reject(new Error('CANARY'));
    await twoLooks();
    isReady = () => Promise.resolve(true);
    await eventually('it is ready', () => reports.length === 2);
    expect(reports.map(({ state }) => state)).toEqual(['not-ready', 'ready']);
    expect(reports[0]?.message).toMatch(/^Not ready/);
  });

  test('tries again when a report did not get through, and stops all the same', async () => {
    let tries = 0;
    const { stop } = await reporter({
      bus: {
        publish() {
          tries += 1;
          return Promise.reject(new Error('away'));
        },
      },
    });
    await eventually('it tries on', () => tries > 2);
    await stop();
  });
});
