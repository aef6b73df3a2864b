import { afterEach, describe, expect, test } from '@jest/globals';
import type { Bus } from '@strongroom/bus/bus';
import { createMemoryBus } from '@strongroom/bus/memory-bus';
import { cloudEvent } from '@strongroom/contracts/cloud-event';
import { silentLogger } from '@strongroom/log/logger';
import { eventually } from '@strongroom/testing/eventually';
import { followFeed, type Feed } from './follow-feed.ts';
import type { Foundations } from './foundations.ts';

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

const event = (data: unknown) => cloudEvent('auth', 'thing.changed', 'event-1', new Date(0), data);

function follower(load: Feed['load'], bus: Bus = createMemoryBus([])) {
  const taken: unknown[] = [];
  const errors: string[] = [];
  const log = { ...silentLogger, error: (message: string) => void errors.push(message) };
  let ids = 0;
  const feed: Feed = {
    name: 'things',
    types: ['auth.thing.changed'],
    take({ data }) {
      if (data === 'bad') throw new Error('another shape');
      taken.push(data);
    },
    load,
  };
  const follow = async () => {
    const foundations = { bus, log, newId: () => String((ids += 1)), config: { service: 'vault' } };
    const stop = await followFeed(foundations as Foundations, feed);
    stops.push(stop);
    return stop;
  };
  return { bus, taken, errors, follow };
}

describe('a feed', () => {
  test('is listened to before what was missed is asked for', async () => {
    const { bus, taken, follow } = follower(async () => {
      await bus.publish([event('meanwhile')]);
      taken.push('loaded');
    });
    await follow();
    await bus.publish([event('later')]);
    expect(taken).toEqual(['meanwhile', 'loaded', 'later']);
  });

  test('reaches every replica, each by a queue of its own', async () => {
    const { bus, taken, follow } = follower(() => Promise.resolve());
    await Promise.all([follow(), follow(), follow()]);
    await bus.publish([event('one')]);
    expect(taken).toEqual(['one', 'one', 'one']);
  });

  test('drops an event of another shape, with an error, and takes those behind it', async () => {
    const { bus, taken, errors, follow } = follower(() => Promise.resolve());
    await follow();
    await bus.publish([event('bad'), event('good')]);
    expect(taken).toEqual(['good']);
    expect(errors).toEqual(['an event was dropped']);
  });

  test('that cannot be loaded keeps nobody from starting, and is tried until it can', async () => {
    let attempts = 0;
    const { bus, taken, errors, follow } = follower(() => {
      attempts += 1;
      return attempts < 4 ? Promise.reject(new Error('away')) : Promise.resolve();
    });
    await follow();
    expect(attempts).toBe(1);
    await bus.publish([event('heard all the same')]);
    expect(taken).toEqual(['heard all the same']);
    await eventually('the fourth attempt', () => attempts === 4);
    expect(errors).toEqual(['what was missed could not be loaded; trying on']);
  });

  test('is left alone after a stop, also one during an attempt', async () => {
    let attempts = 0;
    let fail: (error: Error) => void = () => undefined;
    const { bus, taken, follow } = follower(() => {
      attempts += 1;
      return attempts === 1
        ? Promise.reject(new Error('away'))
        : new Promise((_resolve, reject) => (fail = reject));
    });
    const stop = await follow();
    await eventually('the second attempt', () => attempts === 2);
    const stopping = stop();
    fail(new Error('still away'));
    await stopping;
    await bus.publish([event('too late')]);
    expect([attempts, taken]).toEqual([2, []]);
  });

  test('is asked again and again while the broker is away, once more when it is back, and then left alone', async () => {
    let isAway = false;
    let loads = 0;
    const load = () => Promise.resolve(void (loads += 1));
    const { follow } = follower(load, { ...createMemoryBus([]), isConnected: () => !isAway });
    await follow();
    expect(loads).toBe(1);
    isAway = true;
    await eventually('it is asked again and again', () => loads >= 3);
    isAway = false;
    const seen = loads;
    await eventually('it is asked once more', () => loads > seen);
    expect(loads).toBe(seen + 1);
  });

  test('is loaded again after a gap, also one during a load', async () => {
    let onGap: () => void = () => undefined;
    let loads = 0;
    let finish: () => void = () => undefined;
    const memory = createMemoryBus([]);
    const bus: Bus = {
      ...memory,
      subscribe(subscription) {
        onGap = subscription.onGap ?? onGap;
        return memory.subscribe(subscription);
      },
    };
    const { follow } = follower(() => {
      loads += 1;
      return loads === 2 ? new Promise(resolve => (finish = resolve)) : Promise.resolve();
    }, bus);
    await follow();
    onGap();
    expect(loads).toBe(2);
    onGap();
    finish();
    await eventually('it is loaded once more', () => loads === 3);
  });
});
