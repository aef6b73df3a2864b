import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { AppError } from '@strongroom/errors/app-error';
import { isOpen, lastWindow, nextWindow, toRotationWindow, windowView } from './rotation-window.ts';

const HELSINKI = toRotationWindow({ from: '01:00', to: '05:00', time_zone: 'Europe/Helsinki' });
const at = (text: string) => new Date(text);

const zones = fc.constantFrom(
  'UTC',
  'Europe/Helsinki',
  'America/New_York',
  'Australia/Lord_Howe',
  'Asia/Kathmandu',
  'America/St_Johns',
  'Pacific/Apia',
);
const clock = fc
  .tuple(fc.integer({ min: 0, max: 23 }), fc.integer({ min: 0, max: 59 }))
  .map(([hours, minutes]) => `${String(hours).padStart(2, '0')}:${String(minutes).padStart(2, '0')}`);
const windows = fc
  .record({ from: clock, to: clock, time_zone: zones })
  .filter(({ from, to }) => from !== to)
  .map(given => toRotationWindow(given));
const times = fc.date({
  min: at('2025-01-01T00:00:00Z'),
  max: at('2028-12-31T00:00:00Z'),
  noInvalidDate: true,
});

describe('a window', () => {
  test('is read and shown as it was', () => {
    const given = { from: '22:05', to: '05:00', time_zone: 'Europe/Helsinki' };
    expect(windowView(toRotationWindow(given))).toEqual(given);
  });

  test.each([
    [{ from: '24:00' }, 'rotation_window.from'],
    [{ from: '1:00' }, 'rotation_window.from'],
    [{ to: '05:60' }, 'rotation_window.to'],
    [{ to: '01:00' }, 'rotation_window.to'],
    [{ time_zone: 'Europe/Nowhere' }, 'rotation_window.time_zone'],
    [{ time_zone: '+02:00' }, 'rotation_window.time_zone'],
    [{ time_zone: '' }, 'rotation_window.time_zone'],
  ])('%j is refused', (fault, property) => {
    const read = () =>
      toRotationWindow({ from: '01:00', to: '05:00', time_zone: 'Europe/Helsinki', ...fault });
    expect(read).toThrow(AppError);
    expect(read).toThrow(expect.objectContaining({ details: [expect.objectContaining({ property })] }));
  });

  test('follows the clocks of its place, in winter and in summer', () => {
    expect(nextWindow(HELSINKI, at('2026-01-10T12:00:00Z'))).toEqual({
      opens: at('2026-01-10T23:00:00Z'),
      closes: at('2026-01-11T03:00:00Z'),
    });
    expect(nextWindow(HELSINKI, at('2026-07-10T12:00:00Z'))).toEqual({
      opens: at('2026-07-10T22:00:00Z'),
      closes: at('2026-07-11T02:00:00Z'),
    });
  });

  test('is an hour shorter, and an hour longer, in the nights in which clocks are changed', () => {
    expect(nextWindow(HELSINKI, at('2026-03-28T12:00:00Z'))).toEqual({
      opens: at('2026-03-28T23:00:00Z'),
      closes: at('2026-03-29T02:00:00Z'),
    });
    expect(nextWindow(HELSINKI, at('2026-10-24T12:00:00Z'))).toEqual({
      opens: at('2026-10-24T22:00:00Z'),
      closes: at('2026-10-25T03:00:00Z'),
    });
  });

  test('begins late where its first minutes are skipped, and is left out where all of it is', () => {
    const late = toRotationWindow({ from: '03:30', to: '05:00', time_zone: 'Europe/Helsinki' });
    expect(nextWindow(late, at('2026-03-28T12:00:00Z')).opens).toEqual(at('2026-03-29T01:00:00Z'));
    const none = toRotationWindow({ from: '03:10', to: '03:50', time_zone: 'Europe/Helsinki' });
    expect(nextWindow(none, at('2026-03-28T12:00:00Z')).opens).toEqual(at('2026-03-30T00:10:00Z'));
    expect(lastWindow(none, at('2026-03-29T20:00:00Z')).opens).toEqual(at('2026-03-28T01:10:00Z'));
  });

  test('the next one is the first that is open, as looking at every minute finds it', () => {
    fc.assert(
      fc.property(windows, times, (window, time) => {
        let minute = new Date(time);
        if (!isOpen(window, minute)) minute = new Date(Math.ceil(time.getTime() / 60_000) * 60_000);
        while (!isOpen(window, minute)) minute = new Date(minute.getTime() + 60_000);
        const { opens, closes } = nextWindow(window, time);
        expect(opens).toEqual(minute);
        expect(isOpen(window, new Date(closes.getTime() - 1))).toBe(true);
        expect(isOpen(window, closes)).toBe(false);
        let end = new Date(Math.floor(opens.getTime() / 60_000) * 60_000);
        while (isOpen(window, end)) end = new Date(end.getTime() + 60_000);
        expect(closes).toEqual(end);
      }),
      { numRuns: 60 },
    );
  });

  test('the last one opened before, and none opened after it', () => {
    fc.assert(
      fc.property(windows, times, (window, time) => {
        const { opens, closes } = lastWindow(window, time);
        expect(opens.getTime()).toBeLessThanOrEqual(time.getTime());
        expect(isOpen(window, new Date(opens.getTime() - 1))).toBe(false);
        expect(nextWindow(window, closes).opens.getTime()).toBeGreaterThan(time.getTime());
      }),
    );
  });
});
