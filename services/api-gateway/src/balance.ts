/**
 * What is known of a replica, best first: it said that it is ready; it said that it is not, was silent or broke a
 * connection; no connection could be opened, or none has been yet. Silence is no worse than a no: a machine that is
 * short of processors makes every replica silent at times, and the one that lives must not be taken for dead.
 */
export const HEALTHS = ['ready', 'unready', 'unreachable'] as const;
export type Health = (typeof HEALTHS)[number];

export interface Candidate {
  health: Health;
  /** Requests that it has not answered yet. */
  outstanding: number;
  /** Of its last choice; choices are counted. */
  turn: number;
}

/**
 * Among those of the best health, the one with the fewest requests outstanding; of equal ones, that whose last turn
 * is longest ago. Poor health never excludes: when no replica is better, the sick are tried, since our opinion of
 * them may be what is wrong.
 */
export function choose<C extends Candidate>(
  candidates: readonly C[],
  isEligible: (candidate: C) => boolean = () => true,
): C | undefined {
  let best: C | undefined;
  for (const candidate of candidates) {
    if (isEligible(candidate) && (best === undefined || isBetter(candidate, best))) best = candidate;
  }
  return best;
}

export const isWorse = (one: Health, other: Health): boolean => HEALTHS.indexOf(one) > HEALTHS.indexOf(other);

const rank = ({ health }: Candidate): number => HEALTHS.indexOf(health);

const isBetter = (one: Candidate, other: Candidate): boolean =>
  (rank(one) - rank(other) || one.outstanding - other.outstanding || one.turn - other.turn) < 0;
