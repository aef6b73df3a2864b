/** Members that each have a time of their own; at most `capacity`, of which the newest stay. */
export interface ExpiringSet {
  has: (member: string) => boolean;
  /** Also lengthens, or shortens, the time of one that is there. */
  put: (member: string, ttlSeconds: number) => void;
  delete: (member: string) => void;
  /** Those first that end first. */
  list: () => string[];
}

export function createExpiringSet(now: () => Date, capacity: number): ExpiringSet {
  // A Map keeps the order of insertion: the oldest come first, also those whose time is over.
  const ends = new Map<string, number>();
  const isOver = (end: number) => end <= now().getTime();
  return {
    has(member) {
      const end = ends.get(member);
      return end !== undefined && !isOver(end);
    },
    put(member, ttlSeconds) {
      ends.delete(member);
      ends.set(member, now().getTime() + ttlSeconds * 1_000);
      for (const [oldest, end] of ends) {
        if (ends.size <= capacity && !isOver(end)) break;
        ends.delete(oldest);
      }
    },
    delete: member => void ends.delete(member),
    list: () =>
      [...ends]
        .filter(([, end]) => !isOver(end))
        .sort(([, one], [, other]) => one - other)
        .map(([member]) => member),
  };
}
