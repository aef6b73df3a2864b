import { describe, expect, test } from '@jest/globals';
import { coalesce } from './coalesce.ts';

/** A loader that answers when it is told to, and remembers what it was asked. */
function manualLoader() {
  const loads: {
    keys: readonly string[];
    answer: (found: Map<string, number>) => void;
    fail: (error: Error) => void;
  }[] = [];
  const load = (keys: readonly string[]) =>
    new Promise<Map<string, number>>((resolve, reject) =>
      loads.push({ keys, answer: resolve, fail: reject }),
    );
  return { loads, load };
}

const turn = () => new Promise(resolve => setImmediate(resolve));

describe('coalesce', () => {
  test('one load for all keys of a turn, each caller its own value, unknown keys undefined', async () => {
    const { loads, load } = manualLoader();
    const find = coalesce(load);
    const asked = Promise.all([find('a'), find('b'), find('a'), find('none')]);
    await turn();
    expect(loads.map(({ keys }) => keys)).toEqual([['a', 'b', 'none']]);
    loads[0]!.answer(
      new Map([
        ['a', 1],
        ['b', 2],
      ]),
    );
    expect(await asked).toEqual([1, 2, 1, undefined]);
  });

  test('a load under way is never joined, so nobody sees what was read before he asked', async () => {
    const { loads, load } = manualLoader();
    const find = coalesce(load);
    const early = find('a');
    await turn();
    const late = [find('a'), find('b')];
    await turn();
    expect(loads).toHaveLength(1);
    loads[0]!.answer(new Map([['a', 1]]));
    expect(await early).toBe(1);
    await turn();
    expect(loads.map(({ keys }) => keys)).toEqual([['a'], ['a', 'b']]);
    loads[1]!.answer(new Map([['a', 2]]));
    expect(await Promise.all(late)).toEqual([2, undefined]);
  });

  test('a failed load fails those who wait for it, and no other', async () => {
    const { loads, load } = manualLoader();
    const find = coalesce(load);
    const failing = Promise.allSettled([find('a'), find('b')]);
    await turn();
    const later = find('a');
    loads[0]!.fail(new Error('gone'));
    expect((await failing).map(outcome => outcome.status)).toEqual(['rejected', 'rejected']);
    await turn();
    loads[1]!.answer(new Map([['a', 3]]));
    expect(await later).toBe(3);
  });

  test('no load has more keys than allowed, and all are served', async () => {
    const sizes: number[] = [];
    const find = coalesce((keys: readonly number[]) => {
      sizes.push(keys.length);
      return Promise.resolve(new Map(keys.map(key => [key, key * 2])));
    }, 10);
    const keys = Array.from({ length: 35 }, (_, index) => index);
    expect(await Promise.all(keys.map(find))).toEqual(keys.map(key => key * 2));
    expect(sizes).toEqual([10, 10, 10, 5]);
  });
});
