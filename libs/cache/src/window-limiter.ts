import type { Limiter } from './cache.ts';

/** Points of one key that a replica may spend by itself. */
export interface Lease {
  readonly points: number;
  /** Until the window ends, and with it what is left. */
  readonly endsInMs: number;
  /** False: there are no more in this window. */
  readonly hasMore: boolean;
}

interface Window {
  points: number;
  endsAtMs: number;
  hasMore: boolean;
  asking: Promise<void> | undefined;
}

export interface WindowLimiterOptions {
  /** Answers at once where it can; must not reject. */
  lease: (key: string) => Lease | Promise<Lease>;
  /** From any origin; only differences count. */
  nowMs: () => number;
  /** The most keys that are kept; then those are forgotten whose window began first. */
  capacity?: number;
}

/**
 * Spends leases of points, and asks for the next one when there is nothing left. So a busy key costs the asking
 * once per lease and not per use, and one whose points are spent is refused from memory until its window ends.
 */
export function createWindowLimiter({
  lease,
  nowMs,
  capacity = 100_000,
}: WindowLimiterOptions): Limiter & { readonly size: () => number } {
  // In the order in which windows began, which is that of their ends: all of a limiter are equally long.
  const windows = new Map<string, Window>();

  function windowOf(key: string): Window {
    const now = nowMs();
    const known = windows.get(key);
    if (known !== undefined && (now < known.endsAtMs || known.asking !== undefined)) return known;
    windows.delete(key);
    for (const [oldest, { endsAtMs, asking }] of windows) {
      const isOver = endsAtMs <= now && asking === undefined;
      if (!isOver && windows.size < capacity) break;
      windows.delete(oldest);
    }
    const fresh: Window = { points: 0, endsAtMs: now, hasMore: true, asking: undefined };
    windows.set(key, fresh);
    return fresh;
  }

  function fill(window: Window, { points, endsInMs, hasMore }: Lease): void {
    window.points = points;
    window.endsAtMs = nowMs() + endsInMs;
    window.hasMore = hasMore;
    window.asking = undefined;
  }

  function consume(key: string): number | Promise<number> {
    const window = windowOf(key);
    if (window.points > 0) {
      window.points -= 1;
      return 0;
    }
    if (!window.hasMore) return Math.max(1, Math.ceil((window.endsAtMs - nowMs()) / 1_000));
    if (window.asking === undefined) {
      const asked = lease(key);
      if (!(asked instanceof Promise)) {
        fill(window, asked);
        return consume(key);
      }
      window.asking = asked.then(answer => fill(window, answer));
    }
    // Whoever comes meanwhile shares the question; those for whom the lease is too small ask for the next one.
    return window.asking.then(() => consume(key));
  }

  return { consume, size: () => windows.size };
}
