import { createHash } from 'node:crypto';
import type { AccountKey } from './account-path.ts';
import { isOpen, lastWindow, nextWindow, type Opening, type RotationWindow } from './rotation-window.ts';

/** How accounts under one policy are spread in time. */
export interface Pace {
  readonly intervalMs: number;
  /** Absent: at any time. */
  readonly window?: RotationWindow | undefined;
  /** From 0 up to 1: the account's own place among the others. */
  readonly place: number;
}

/** The tenth of the interval before its end: rotations of accounts that were made at once are spread over it. */
const SPREAD = 0.1;
/** Without a window the first rotations of new accounts are spread over this. */
const FIRST_SPREAD_MS = 3_600_000;

/** Always the same for an account, and evenly spread over all of them. */
export function placeOf({ systemId, account }: Pick<AccountKey, 'systemId' | 'account'>): number {
  const digest = createHash('sha256').update(`${systemId}/${account}`).digest();
  return digest.readUIntBE(0, 6) / 2 ** 48;
}

/**
 * When an account is rotated next whose password was set then. Never later than the interval says, unless no window
 * opens in it: the time moves back into the last window before it, and only without one to the next.
 */
export function nextRotation(rotated: Date, { intervalMs, window, place }: Pace): Date {
  const latest = rotated.getTime() + intervalMs;
  const due = new Date(latest - place * intervalMs * SPREAD);
  if (window === undefined || isOpen(window, due)) return due;
  const last = lastWindow(window, due);
  return last.opens > rotated ? within(last, place) : within(nextWindow(window, due), place);
}

/** In the next window, or in what is left of it; without one within the hour. For new accounts and missed times. */
export function soonRotation(now: Date, { intervalMs, window, place }: Pace): Date {
  if (window !== undefined) return within(nextWindow(window, now), place);
  return new Date(now.getTime() + place * Math.min(FIRST_SPREAD_MS, intervalMs * SPREAD));
}

const within = ({ opens, closes }: Opening, place: number): Date =>
  new Date(opens.getTime() + Math.floor(place * (closes.getTime() - opens.getTime())));
