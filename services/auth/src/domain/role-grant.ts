import { HOLDS_FOR_EVER, holdingWithin, type Holding, type Interval } from './intervals.ts';
import { parseTime } from './wire-time.ts';

/** For how long a person was given a role (contract 4.1). */
export type RoleGrant =
  | { readonly type: 'PERMANENT' }
  | {
      readonly type: 'TIME_RESTRICTED';
      readonly start: Date | null;
      readonly end: Date | null;
      /** Each is enough by itself, and so is the time from `start` to `end` where one of these is set. */
      readonly periods: readonly GrantPeriod[];
    }
  /** Begins with the first sign-in that uses it. */
  | { readonly type: 'FLOATING'; readonly hours: number; readonly startedAt: Date | null };

export interface GrantPeriod {
  readonly start: Date | null;
  readonly end: Date | null;
}

/** As clients send it: what does not belong to the type is null, empty or zero, and is passed over. */
export interface GrantInput {
  grant_type?: string | null;
  grant_start?: string | null;
  grant_end?: string | null;
  grant_validity_periods?: readonly { grant_start?: string | null; grant_end?: string | null }[] | null;
  floating_length?: number | null;
}

export interface GrantFault {
  readonly property: string;
  readonly message: string;
}

const HOUR_MS = 3_600_000;

export const PERMANENT: RoleGrant = { type: 'PERMANENT' };

/** An unused floating grant counts as active, and as beginning now. */
export function grantHolds(grant: RoleGrant, now: Date): Holding {
  if (grant.type === 'PERMANENT') return HOLDS_FOR_EVER;
  if (grant.type === 'FLOATING') {
    const start = (grant.startedAt ?? now).getTime();
    return holdingWithin([{ start, end: start + grant.hours * HOUR_MS }], now);
  }
  const whole = grant.start === null && grant.end === null ? [] : [grant];
  return holdingWithin([...whole, ...grant.periods].map(toInterval), now);
}

/** When a floating grant that has begun ends. */
export const floatingEnd = (hours: number, startedAt: Date): Date =>
  new Date(startedAt.getTime() + hours * HOUR_MS);

const toInterval = ({ start, end }: GrantPeriod): Interval => ({
  start: start?.getTime() ?? -Infinity,
  end: end?.getTime() ?? Infinity,
});

/**
 * `current` is the grant that the person has. A floating one that runs is shown with its beginning: sent back
 * with it, it runs on, and without, it begins anew.
 */
export function readGrant(input: GrantInput, current: RoleGrant | undefined): RoleGrant | GrantFault {
  switch (input.grant_type ?? '') {
    case '':
    case 'PERMANENT':
      return PERMANENT;
    case 'FLOATING':
      return readFloating(input, current);
    case 'TIME_RESTRICTED':
      return readTimeRestricted(input);
    default:
      return { property: 'grant_type', message: 'Not a type of grant' };
  }
}

function readFloating(input: GrantInput, current: RoleGrant | undefined): RoleGrant | GrantFault {
  const hours = input.floating_length ?? 0;
  if (hours < 1)
    return { property: 'floating_length', message: 'A floating grant needs its length in hours' };
  const begun = current?.type === 'FLOATING' ? current.startedAt : null;
  const isSentBack = begun !== null && parseTime(input.grant_start)?.getTime() === begun.getTime();
  return { type: 'FLOATING', hours, startedAt: isSentBack ? begun : null };
}

function readTimeRestricted(input: GrantInput): RoleGrant | GrantFault {
  const whole = readPeriod(input, '');
  if ('property' in whole) return whole;
  const periods: GrantPeriod[] = [];
  for (const [index, sent] of (input.grant_validity_periods ?? []).entries()) {
    const period = readPeriod(sent, `grant_validity_periods.${index}.`);
    if ('property' in period) return period;
    if (period.start === null && period.end === null) {
      return {
        property: `grant_validity_periods.${index}`,
        message: 'A period needs a beginning or an end',
      };
    }
    periods.push(period);
  }
  if (whole.start === null && whole.end === null && periods.length === 0) {
    return { property: 'grant_end', message: 'A time-restricted grant needs a beginning, an end or periods' };
  }
  return { type: 'TIME_RESTRICTED', ...whole, periods };
}

function readPeriod(
  { grant_start, grant_end }: { grant_start?: string | null; grant_end?: string | null },
  path: string,
): GrantPeriod | GrantFault {
  const start = parseTime(grant_start);
  if (start === undefined) return { property: `${path}grant_start`, message: 'Not an RFC 3339 time' };
  const end = parseTime(grant_end);
  if (end === undefined) return { property: `${path}grant_end`, message: 'Not an RFC 3339 time' };
  if (start !== null && end !== null && end <= start) {
    return { property: `${path}grant_end`, message: 'The end is not after the beginning' };
  }
  return { start, end };
}
