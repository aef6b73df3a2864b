import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { repeatEvery } from './repeat-every.ts';

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

test('a round that outlasts its interval is the only one, and the next comes after it', async () => {
  const rounds: (() => void)[] = [];
  const stop = repeatEvery(
    1_000,
    () => new Promise<void>(resolve => rounds.push(resolve)),
    () => undefined,
  );
  await jest.advanceTimersByTimeAsync(3_000);
  expect(rounds).toHaveLength(1);
  rounds[0]!();
  await jest.advanceTimersByTimeAsync(1_000);
  expect(rounds).toHaveLength(2);
  let stopped = false;
  const stopping = stop().then(() => (stopped = true));
  await jest.advanceTimersByTimeAsync(5_000);
  expect([rounds.length, stopped]).toEqual([2, false]);
  rounds[1]!();
  await stopping;
});

test('a failure is told, and the next round comes', async () => {
  const failures: unknown[] = [];
  const failure = new Error('away');
  const stop = repeatEvery(
    1_000,
    () => Promise.reject(failure),
    error => failures.push(error),
  );
  await jest.advanceTimersByTimeAsync(2_000);
  await stop();
  expect(failures).toEqual([failure, failure]);
});
