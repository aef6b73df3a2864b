/** From `start` (inclusive) to `end` (exclusive), in milliseconds since 1970; either may be infinite. */
export interface Interval {
  readonly start: number;
  readonly end: number;
}

/** Whether something holds, and when it ends by itself (null: never). */
export type Holding = { readonly holds: false } | { readonly holds: true; readonly until: Date | null };

export const HOLDS_FOR_EVER: Holding = { holds: true, until: null };
export const DOES_NOT_HOLD: Holding = { holds: false };

/** Intervals that touch or overlap count as one: its end is where the last of them ends. */
export function holdingWithin(intervals: readonly Interval[], now: Date): Holding {
  const inOrder = intervals.filter(({ start, end }) => start < end).sort((a, b) => a.start - b.start);
  let until = now.getTime();
  let holds = false;
  for (const { start, end } of inOrder) {
    if (start <= until && end > until) {
      until = end;
      holds = true;
    }
  }
  if (!holds) return DOES_NOT_HOLD;
  return { holds, until: Number.isFinite(until) ? new Date(until) : null };
}

/** Of two ends the earlier; null is later than all. */
export function earlier(a: Date | null, b: Date | null): Date | null {
  if (a === null || b === null) return a ?? b;
  return a <= b ? a : b;
}

/** Of two ways to hold the same: it ends when the longer one does. */
export function either(a: Holding, b: Holding): Holding {
  if (!a.holds) return b;
  if (!b.holds) return a;
  if (a.until === null || b.until === null) return HOLDS_FOR_EVER;
  return a.until >= b.until ? a : b;
}

/** What needs both: it ends when the shorter one does. */
export function both(a: Holding, b: Holding): Holding {
  return a.holds && b.holds ? { holds: true, until: earlier(a.until, b.until) } : DOES_NOT_HOLD;
}
