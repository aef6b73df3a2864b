import { invalidField } from '@strongroom/errors/common-errors';

/** The hours of each day in which scheduled rotations begin, by the clocks of a place. */
export interface RotationWindow {
  /** Minutes after midnight. */
  readonly from: number;
  /** Before `from`: on the day after. */
  readonly to: number;
  /** Of the IANA database, such as `Europe/Helsinki`. */
  readonly timeZone: string;
}

/** A window of one day; `closes` is outside of it. */
export interface Opening {
  readonly opens: Date;
  readonly closes: Date;
}

const MINUTE = 60_000;
const MINUTES_OF_DAY = 1_440;
const DAY = MINUTES_OF_DAY * MINUTE;
/** Clocks are changed at whole quarters of an hour (UTC), and by whole quarters. */
const QUARTER = 15;

export interface GivenWindow {
  readonly from: string;
  readonly to: string;
  readonly time_zone: string;
}

export function toRotationWindow({ from, to, time_zone }: GivenWindow): RotationWindow {
  const at = 'rotation_window';
  const window = {
    from: minutesOf(from, `${at}.from`),
    to: minutesOf(to, `${at}.to`),
    timeZone: time_zone,
  };
  if (window.from === window.to) {
    throw invalidField(`${at}.to`, 'rotation_window must not end when it begins', 'VALUE_OUT_OF_BOUNDS');
  }
  // Offsets such as +02:00 have no summer: they would be right for half a year.
  if (!/^[A-Za-z]/.test(time_zone) || !isTimeZone(time_zone)) {
    throw invalidField(
      `${at}.time_zone`,
      'rotation_window.time_zone must be a name such as Europe/Helsinki or UTC',
      'VALUE_INCORRECT_FORMAT',
    );
  }
  return window;
}

export const windowView = ({ from, to, timeZone }: RotationWindow): GivenWindow => ({
  from: clockOf(from),
  to: clockOf(to),
  time_zone: timeZone,
});

function minutesOf(text: string, property: string): number {
  const match = /^([01]\d|2[0-3]):([0-5]\d)$/.exec(text);
  if (match !== null) return Number(match[1]) * 60 + Number(match[2]);
  throw invalidField(property, `${property} must be a time such as 01:30`, 'VALUE_INCORRECT_FORMAT');
}

const clockOf = (minutes: number): string =>
  [Math.floor(minutes / 60), minutes % 60].map(part => String(part).padStart(2, '0')).join(':');

function isTimeZone(name: string): boolean {
  try {
    clockAt(name);
    return true;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

/** Whether the clocks there show a time within the window: of an hour that comes twice, both are. */
export function isOpen(window: RotationWindow, at: Date): boolean {
  const { from, to } = window;
  const minute = minuteOfDay(window, at.getTime());
  return from < to ? from <= minute && minute < to : from <= minute || minute < to;
}

/** The rest of the window that is open at this time, else the next one. */
export function nextWindow(window: RotationWindow, at: Date): Opening {
  const opens = isOpen(window, at) ? at : nextTime(window, at, window.from, true);
  return { opens, closes: nextTime(window, opens, window.to, false) };
}

/** The last window that opened at this time or before. */
export function lastWindow(window: RotationWindow, at: Date): Opening {
  // Whole days back, so that a window which is skipped when clocks are changed is made up for by the one before.
  const start = new Date(at.getTime() - 3 * DAY);
  let next = nextWindow(window, isOpen(window, start) ? nextWindow(window, start).closes : start);
  for (let last = next; ; last = next) {
    next = nextWindow(window, last.closes);
    if (next.opens > at) return last;
  }
}

/** The first time from `after` on at which the window is (or is no longer) open; it is about `minute`. */
function nextTime(window: RotationWindow, after: Date, minute: number, open: boolean): Date {
  let time = Math.floor(after.getTime() / MINUTE) * MINUTE;
  for (;;) {
    const minutes = (minute - minuteOfDay(window, time) + MINUTES_OF_DAY) % MINUTES_OF_DAY || MINUTES_OF_DAY;
    const jump = time + minutes * MINUTE;
    // No change of clocks on the way: that is it. Otherwise they are looked at every quarter of an hour.
    const isPlain = clockAt(window.timeZone)(time) === clockAt(window.timeZone)(jump);
    const toQuarter = QUARTER - ((time / MINUTE) % QUARTER);
    time = isPlain ? jump : time + Math.min(minutes, toQuarter) * MINUTE;
    if (isOpen(window, new Date(time)) === open) return new Date(time);
  }
}

const minuteOfDay = ({ timeZone }: RotationWindow, time: number): number => {
  const minutes = Math.floor((time + clockAt(timeZone)(time)) / MINUTE) % MINUTES_OF_DAY;
  return (minutes + MINUTES_OF_DAY) % MINUTES_OF_DAY;
};

const clocks = new Map<string, (time: number) => number>();

/** How many milliseconds the clocks of the place are ahead of UTC at a time. Throws RangeError: there is no such place. */
function clockAt(timeZone: string): (time: number) => number {
  const known = clocks.get(timeZone);
  if (known !== undefined) return known;
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    calendar: 'gregory',
    numberingSystem: 'latn',
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
  });
  const clock = (time: number) => {
    const whole = Math.floor(time / MINUTE) * MINUTE;
    const parts = Object.fromEntries(format.formatToParts(whole).map(({ type, value }) => [type, value]));
    const of = (name: string) => Number(parts[name]);
    return Date.UTC(of('year'), of('month') - 1, of('day'), of('hour'), of('minute')) - whole;
  };
  clocks.set(timeZone, clock);
  return clock;
}
