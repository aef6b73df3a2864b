import type { BlockList } from 'node:net';
import { isWithin, parseMasks } from './address-masks.ts';
import { DOES_NOT_HOLD, HOLDS_FOR_EVER, holdingWithin, type Holding, type Interval } from './intervals.ts';
import { instantOf, localDay, timeZone } from './time-zone.ts';

/** When and from where a role holds (contract 4.1), as clients send it. Only an enabled one limits anything. */
export interface RoleContext {
  enabled?: boolean | null;
  /** Kept for clients: outside of its context a role is withheld either way. */
  block_role?: boolean | null;
  /** Weekdays, `MON` or `Monday` in any case; none means each. */
  validity?: readonly string[] | null;
  /** `HH:MM` or `HH:MM:SS`. An end at or before the start is on the next day. */
  start_time?: string | null;
  end_time?: string | null;
  /** IANA name; empty means UTC. */
  timezone?: string | null;
  ip_masks?: readonly string[] | null;
}

export interface ContextFault {
  readonly property: 'validity' | 'start_time' | 'end_time' | 'timezone' | 'ip_masks';
  readonly message: string;
}

interface Limits {
  /** Days of the week on which a window opens, Sunday being 0. */
  readonly days: ReadonlySet<number>;
  readonly startSeconds: number;
  /** Above 86,400 when the window ends on the next day. */
  readonly endSeconds: number;
  readonly zone: Intl.DateTimeFormat;
  readonly networks: BlockList | null;
}

const DAY_SECONDS = 86_400;
const WEEKDAYS = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'];

/** `THU`, `Thur`, `Thursday`: three letters or more of the name. */
const weekdayNumber = (text: string): number =>
  text.length < 3 ? -1 : WEEKDAYS.findIndex(name => name.startsWith(text.toLowerCase()));

/** Seconds since midnight; undefined: not understood. */
function parseClock(text: string): number | undefined {
  const [, hours, minutes, seconds = '0'] = /^([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?$/.exec(text) ?? [];
  return hours === undefined ? undefined : Number(hours) * 3_600 + Number(minutes) * 60 + Number(seconds);
}

/** Clients send empty texts for what is not set. */
const stated = (text: string | null | undefined, otherwise: string): string =>
  text === '' ? otherwise : (text ?? otherwise);

/** A fault instead of limits: an enabled context that is not understood holds nowhere. */
function readContext(context: RoleContext): Limits | ContextFault {
  const days = (context.validity ?? []).map(weekdayNumber);
  if (days.includes(-1)) return { property: 'validity', message: 'Not a day of the week' };
  const startSeconds = parseClock(stated(context.start_time, '00:00'));
  if (startSeconds === undefined) return { property: 'start_time', message: 'Not a time of day as HH:MM' };
  const end = parseClock(stated(context.end_time, '00:00'));
  if (end === undefined) return { property: 'end_time', message: 'Not a time of day as HH:MM' };
  const zone = timeZone(stated(context.timezone, 'UTC'));
  if (zone === undefined) return { property: 'timezone', message: 'Not an IANA time zone' };
  const masks = context.ip_masks ?? [];
  const networks = parseMasks(masks);
  if (networks === undefined) return { property: 'ip_masks', message: 'Not an address or a CIDR block' };
  return {
    days: new Set(days.length === 0 ? WEEKDAYS.keys() : days),
    startSeconds,
    endSeconds: end <= startSeconds ? end + DAY_SECONDS : lastMinuteIsMidnight(end),
    zone,
    networks: masks.length === 0 ? null : networks,
  };
}

/** Forms for times of day have no 24:00, so people write the last minute or second of the day for it. */
const lastMinuteIsMidnight = (seconds: number): number =>
  seconds === DAY_SECONDS - 60 || seconds === DAY_SECONDS - 1 ? DAY_SECONDS : seconds;

/** Undefined: nothing to object to. A context that is not enabled may hold anything. */
export function contextFault(context: RoleContext | null | undefined): ContextFault | undefined {
  if (context?.enabled !== true) return undefined;
  const limits = readContext(context);
  return 'property' in limits ? limits : undefined;
}

export const limitsAddresses = (context: RoleContext | null | undefined): boolean =>
  context?.enabled === true && (context.ip_masks ?? []).length > 0;

/** Whether a role with this context holds then and there. `address` null: limits to addresses are passed over. */
export function contextHolds(
  context: RoleContext | null | undefined,
  now: Date,
  address: string | null,
): Holding {
  if (context?.enabled !== true) return HOLDS_FOR_EVER;
  const limits = readContext(context);
  if ('property' in limits) return DOES_NOT_HOLD;
  if (limits.networks !== null && address !== null && !isWithin(limits.networks, address)) {
    return DOES_NOT_HOLD;
  }
  const isWholeDay = limits.endSeconds - limits.startSeconds === DAY_SECONDS;
  if (isWholeDay && limits.days.size === WEEKDAYS.length) return HOLDS_FOR_EVER;
  return holdingWithin(windowsAround(limits, now), now);
}

/** From yesterday, whose window may reach over midnight, to where even six whole days in a row have ended. */
function windowsAround(limits: Limits, now: Date): Interval[] {
  const today = localDay(limits.zone, now);
  const windows: Interval[] = [];
  for (let offset = -1; offset <= 7; offset += 1) {
    const midnight = today + offset * DAY_SECONDS * 1_000;
    if (!limits.days.has(new Date(midnight).getUTCDay())) continue;
    windows.push({
      start: instantOf(limits.zone, midnight + limits.startSeconds * 1_000),
      end: instantOf(limits.zone, midnight + limits.endSeconds * 1_000),
    });
  }
  return windows;
}
