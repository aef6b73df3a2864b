/** In nanoseconds. */
const UNITS: Readonly<Record<string, bigint>> = {
  w: 604_800_000_000_000n,
  d: 86_400_000_000_000n,
  h: 3_600_000_000_000n,
  m: 60_000_000_000n,
  s: 1_000_000_000n,
  ms: 1_000_000n,
  us: 1_000n,
  µs: 1_000n,
  ns: 1n,
};

const GO = /^(?:\d{1,15}(?:\.\d{1,9})?(?:w|d|h|ms|m|s|us|µs|ns))+$/;
/** ISO 8601 without years and months, which have no fixed length. */
const ISO =
  /^P(?=.)(?:\d{1,15}W)?(?:\d{1,15}D)?(?:T(?=.)(?:\d{1,15}H)?(?:\d{1,15}M)?(?:\d{1,15}(?:\.\d{1,9})?S)?)?$/;

/**
 * Seconds of a duration as Go writes it (`72h30m`; weeks and days, too), in ISO 8601 (`P3DT30M`),
 * or as a bare number of seconds. Undefined: it is none, or not of whole seconds.
 */
export function parseDuration(text: string): number | undefined {
  const go = ISO.test(text)
    ? text.replace(/[PT]/g, '').toLowerCase()
    : /^\d{1,15}$/.test(text)
      ? `${text}s`
      : text;
  if (!GO.test(go)) return undefined;
  let nanoseconds = 0n;
  for (const [, whole = '', fraction = '', unit = ''] of go.matchAll(/(\d+)(?:\.(\d+))?([a-zµ]+)/g)) {
    nanoseconds += (BigInt(whole + fraction) * (UNITS[unit] ?? 0n)) / 10n ** BigInt(fraction.length);
  }
  return nanoseconds % 1_000_000_000n === 0n ? Number(nanoseconds / 1_000_000_000n) : undefined;
}

/** As Go prints it: `72h30m0s`, `1m0s`, `0s`. */
export function formatDuration(seconds: number): string {
  const [hours, minutes] = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60];
  return `${hours > 0 ? `${hours}h` : ''}${seconds >= 60 ? `${minutes}m` : ''}${seconds % 60}s`;
}
