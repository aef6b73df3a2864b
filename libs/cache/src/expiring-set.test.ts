import { expect, test } from '@jest/globals';
import { createExpiringSet } from './expiring-set.ts';

function withClock(capacity: number) {
  let time = 0;
  return {
    set: createExpiringSet(() => new Date(time), capacity),
    pass: (seconds: number) => (time += seconds * 1_000),
  };
}

test('members end at their own time', () => {
  const { set, pass } = withClock(10);
  set.put('long', 10);
  set.put('short', 5);
  expect(set.list()).toEqual(['short', 'long']);
  pass(5);
  expect([set.has('short'), set.has('long'), set.list()]).toEqual([false, true, ['long']]);
});

test('a member put again has the new time', () => {
  const { set, pass } = withClock(10);
  set.put('one', 5);
  pass(4);
  set.put('one', 5);
  pass(4);
  expect(set.has('one')).toBe(true);
});

test('the newest stay when there are too many', () => {
  const { set } = withClock(3);
  for (const member of ['a', 'b', 'c', 'a', 'd']) set.put(member, 10);
  expect(set.list()).toEqual(['c', 'a', 'd']);
});

test('a deleted member is gone', () => {
  const { set } = withClock(3);
  set.put('one', 10);
  set.delete('one');
  expect(set.has('one')).toBe(false);
});
