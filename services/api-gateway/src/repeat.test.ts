import { AsyncLocalStorage } from 'node:async_hooks';
import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { eventually } from '@strongroom/testing/eventually';
import { repeat } from './repeat.ts';

const NEVER_MS = 2 ** 30;

test('runs at once, one at a time, and again soon when asked to during a run', async () => {
  let runs = 0;
  let release: () => void = () => undefined;
  const repetition = repeat(
    () => {
      runs += 1;
      return new Promise(resolve => (release = resolve));
    },
    () => NEVER_MS,
  );
  expect(runs).toBe(1);
  repetition.soon();
  repetition.soon();
  await turn();
  expect(runs).toBe(1);
  release();
  await eventually('the run that was asked for', () => runs === 2);
  release();
  await turn();
  repetition.soon();
  await eventually('a run out of the pause', () => runs === 3);
  repetition.stop();
  release();
});

test("runs are nobody's, whoever asks for one", async () => {
  const storage = new AsyncLocalStorage<string>();
  const seen: (string | undefined)[] = [];
  const repetition = repeat(
    () => {
      seen.push(storage.getStore());
      return Promise.resolve();
    },
    () => NEVER_MS,
  );
  await turn();
  storage.run('a request', repetition.soon);
  await eventually('the run that was asked for', () => seen.length === 2);
  repetition.stop();
  expect(seen).toEqual([undefined, undefined]);
});

test('a stopped one does not run again', async () => {
  let runs = 0;
  const count = () => {
    runs += 1;
    return Promise.resolve();
  };
  const stopped = repeat(count, () => 1);
  stopped.stop();
  await turn();
  stopped.soon();
  // Another that begins later and has run often since would have been overtaken.
  let others = 0;
  const other = repeat(
    () => {
      others += 1;
      return Promise.resolve();
    },
    () => 1,
  );
  await eventually('runs of the other', () => others > 100);
  other.stop();
  expect(runs).toBe(1);
});
