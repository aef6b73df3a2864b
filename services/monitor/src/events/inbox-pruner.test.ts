import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import type { Database } from '@strongroom/db/database';
import { silentLogger } from '@strongroom/log/logger';
import { startInboxPruner } from './inbox-pruner.ts';

const now = () => new Date('2026-03-08T00:00:00Z');

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

const fakeDatabase = (query: (values: readonly unknown[]) => Promise<unknown[]>): Database => ({
  query: async <Row>(_text: string, values: readonly unknown[] = []) => (await query(values)) as Row[],
  transaction: () => Promise.reject(new Error('not expected')),
  close: () => Promise.resolve(),
});

describe('startInboxPruner', () => {
  test('forgets every hour what is older than a week, until it is stopped', async () => {
    const prunedBefore: unknown[] = [];
    const db = fakeDatabase(values => {
      prunedBefore.push(values[0]);
      return Promise.resolve([{ pruned: 3 }]);
    });
    const stop = startInboxPruner({ db, log: silentLogger, now });
    await jest.advanceTimersByTimeAsync(3_599_999);
    expect(prunedBefore).toEqual([]);
    await jest.advanceTimersByTimeAsync(1);
    expect(prunedBefore).toEqual([new Date('2026-03-01T00:00:00Z')]);
    await stop();
    await jest.advanceTimersByTimeAsync(7_200_000);
    expect(prunedBefore).toHaveLength(1);
  });

  test('a failure is logged and the next hour comes', async () => {
    const errors: unknown[] = [];
    let calls = 0;
    const db = fakeDatabase(() => {
      calls += 1;
      return Promise.reject(new Error('away'));
    });
    const log = { ...silentLogger, error: (_message: string, cause?: unknown) => void errors.push(cause) };
    const stop = startInboxPruner({ db, log, now });
    await jest.advanceTimersByTimeAsync(7_200_000);
    await stop();
    expect(calls).toBe(2);
    expect(errors).toEqual([new Error('away'), new Error('away')]);
  });

  test('stopping waits for what is under way', async () => {
    let finish: (rows: unknown[]) => void = () => undefined;
    const db = fakeDatabase(() => new Promise(resolve => (finish = resolve)));
    const stop = startInboxPruner({ db, log: silentLogger, now });
    await jest.advanceTimersByTimeAsync(3_600_000);
    let stopped = false;
    const stopping = stop().then(() => (stopped = true));
    await jest.advanceTimersByTimeAsync(1_000);
    expect(stopped).toBe(false);
    finish([{ pruned: 0 }]);
    await stopping;
    expect(stopped).toBe(true);
  });
});
