const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** 100 years of 365 days. */
export const MAX_DURATION_MS = 36_500 * DAY;

/** Longer text is no duration that anybody writes; the bound keeps the parsing cheap. */
const MAX_TEXT_LENGTH = 64;

/** ISO 8601 durations: only the seconds may have a fraction. */
const ISO =
  /^P(?!$)(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T(?!$)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:[.,]\d+)?)S)?)?$/;

/** In the order of the groups above. A year is 365 days and a month 30: an interval has no calendar. */
const ISO_UNITS = [365 * DAY, 30 * DAY, 7 * DAY, DAY, HOUR, MINUTE, SECOND];

/** What Go's time.Duration prints and time.ParseDuration reads, less the sign. */
const GO = /^(?:\d+(?:\.\d+)?(?:ns|us|µs|μs|ms|s|m|h))+$/;
const GO_PART = /(\d+(?:\.\d+)?)([a-zµμ]+)/g;

const GO_UNITS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  // The micro sign and the Greek letter: Go takes both.
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: SECOND,
  m: MINUTE,
  h: HOUR,
};

/**
 * Milliseconds of `P30D`, `PT5M` or `720h0m0s` (contract 3.1: newer and older clients), rounded. Undefined for
 * all else, for less than a millisecond and for more than 100 years.
 */
export function parseDuration(text: string): number | undefined {
  if (text.length > MAX_TEXT_LENGTH) return undefined;
  const ms = Math.round(parseIso(text) ?? parseGo(text) ?? 0);
  return ms >= 1 && ms <= MAX_DURATION_MS ? ms : undefined;
}

function parseIso(text: string): number | undefined {
  const match = ISO.exec(text);
  if (match === null) return undefined;
  return ISO_UNITS.reduce(
    (sum, unit, index) => sum + Number((match[index + 1] ?? '0').replace(',', '.')) * unit,
    0,
  );
}

function parseGo(text: string): number | undefined {
  if (!GO.test(text)) return undefined;
  return [...text.matchAll(GO_PART)].reduce(
    (sum, [, amount = '', unit = '']) => sum + Number(amount) * (GO_UNITS[unit] ?? 0),
    0,
  );
}
