import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { hostAccount } from './account-path.ts';
import { nextRotation, placeOf, soonRotation } from './rotation-schedule.ts';
import { isOpen, toRotationWindow } from './rotation-window.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const night = toRotationWindow({ from: '01:00', to: '05:00', time_zone: 'Europe/Helsinki' });
const times = fc.date({
  min: new Date('2025-01-01T00:00:00Z'),
  max: new Date('2028-12-31T00:00:00Z'),
  noInvalidDate: true,
});
const places = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

describe('the next rotation', () => {
  test('of ten thousand accounts that were made at once is spread over the last tenth of the interval', () => {
    const made = new Date('2026-01-01T00:00:00Z');
    const hours = new Map<number, number>();
    for (let index = 0; index < 10_000; index += 1) {
      const place = placeOf(hostAccount('7b0f6f0e-6a0c-4f3c-9a53-0d3f5c3f9f10', `account-${index}`));
      const due = nextRotation(made, { intervalMs: 30 * DAY, place }).getTime() - made.getTime();
      expect(due).toBeGreaterThan(27 * DAY);
      expect(due).toBeLessThanOrEqual(30 * DAY);
      const hour = Math.floor(due / HOUR);
      hours.set(hour, (hours.get(hour) ?? 0) + 1);
    }
    // 72 hours, some 139 in each.
    expect(hours.size).toBe(72);
    expect(Math.max(...hours.values())).toBeLessThan(220);
  });

  test('is within the interval and the window, whenever the interval is longer than two days', () => {
    fc.assert(
      fc.property(times, places, fc.integer({ min: 3, max: 400 }), (rotated, place, days) => {
        const due = nextRotation(rotated, { intervalMs: days * DAY, window: night, place });
        expect(isOpen(night, due)).toBe(true);
        expect(due.getTime()).toBeLessThanOrEqual(rotated.getTime() + days * DAY);
        expect(due.getTime()).toBeGreaterThan(rotated.getTime());
      }),
    );
  });

  test('is in the next window when none opens within a short interval', () => {
    fc.assert(
      fc.property(times, places, (rotated, place) => {
        const due = nextRotation(rotated, { intervalMs: HOUR, window: night, place });
        expect(isOpen(night, due)).toBe(true);
        expect(due.getTime()).toBeGreaterThan(rotated.getTime());
        expect(due.getTime()).toBeLessThan(rotated.getTime() + 2 * DAY);
      }),
    );
  });
});

describe('a rotation that is wanted soon', () => {
  test('is in the next window, else within the hour', () => {
    fc.assert(
      fc.property(times, places, (now, place) => {
        const due = soonRotation(now, { intervalMs: 30 * DAY, window: night, place });
        expect(isOpen(night, due)).toBe(true);
        expect(due.getTime()).toBeGreaterThanOrEqual(now.getTime());
        const free = soonRotation(now, { intervalMs: 30 * DAY, place }).getTime() - now.getTime();
        expect(free).toBeGreaterThanOrEqual(0);
        expect(free).toBeLessThanOrEqual(HOUR);
      }),
    );
  });
});

test('an account keeps its place', () => {
  expect(placeOf(hostAccount('h', 'a'))).toBe(placeOf(hostAccount('h', 'a')));
  expect(placeOf(hostAccount('h', 'a'))).not.toBe(placeOf(hostAccount('h', 'b')));
});
