/**
 * Wall-clock time in a zone, with the platform's own table of zones. A reading of a wall clock is written as
 * the milliseconds that it would be in UTC.
 */

/** Undefined: there is no such zone. */
export function timeZone(name: string): Intl.DateTimeFormat | undefined {
  try {
    return new Intl.DateTimeFormat('en-US', {
      timeZone: name,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function wallClock(zone: Intl.DateTimeFormat, instant: number): number {
  const parts: Partial<Record<Intl.DateTimeFormatPartTypes, number>> = {};
  for (const { type, value } of zone.formatToParts(instant)) parts[type] = Number(value);
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts;
  return Date.UTC(year, month - 1, day, hour, minute, second);
}

/** Midnight of the day that the clocks in the zone show. */
export function localDay(zone: Intl.DateTimeFormat, now: Date): number {
  return Math.floor(wallClock(zone, now.getTime()) / 86_400_000) * 86_400_000;
}

/**
 * When clocks in the zone show `wall`. Of two such moments (clocks went back) the first; where there is none
 * (clocks went forward) as much later as was left out.
 */
export function instantOf(zone: Intl.DateTimeFormat, wall: number): number {
  // No zone is a day away from UTC, so these two offsets are those before and after any change near it.
  const offsets = [wall - 86_400_000, wall + 86_400_000].map(near => wallClock(zone, near) - near);
  const candidates = offsets.map(offset => wall - offset).sort((a, b) => a - b);
  const exact = candidates.find(instant => wallClock(zone, instant) === wall);
  return exact ?? Math.max(...candidates);
}
