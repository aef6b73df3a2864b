import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { choose, HEALTHS, type Candidate } from './balance.ts';

const candidate = fc.record({
  health: fc.constantFrom(...HEALTHS),
  outstanding: fc.nat(20),
  turn: fc.nat(20),
});

/** The next request goes to the one chosen. */
function give(candidates: readonly Candidate[], turn: number): Candidate {
  const chosen = choose(candidates);
  if (chosen === undefined) throw new Error('nobody was chosen');
  return Object.assign(chosen, { turn, outstanding: chosen.outstanding + 1 });
}

const ready = (count: number): Candidate[] =>
  Array.from({ length: count }, () => ({ health: 'ready', outstanding: 0, turn: 0 }));

describe('choose', () => {
  test('nobody of none, and never one that is not eligible', () => {
    expect(choose<Candidate>([])).toBeUndefined();
    fc.assert(
      fc.property(fc.array(candidate), candidates => {
        const chosen = choose(candidates, ({ health }) => health !== 'unreachable');
        expect(chosen?.health).not.toBe('unreachable');
        expect(chosen === undefined).toBe(candidates.every(({ health }) => health === 'unreachable'));
      }),
    );
  });

  test('somebody, however sick all are; of the best health, and there of the least outstanding', () => {
    const rank = ({ health }: Candidate) => HEALTHS.indexOf(health);
    fc.assert(
      fc.property(fc.array(candidate, { minLength: 1 }), candidates => {
        const chosen = choose(candidates) as Candidate;
        expect(rank(chosen)).toBe(Math.min(...candidates.map(rank)));
        const equals = candidates.filter(({ health }) => health === chosen.health);
        expect(chosen.outstanding).toBe(Math.min(...equals.map(({ outstanding }) => outstanding)));
      }),
    );
  });

  test('while nothing is answered, no replica has two requests more than another', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 60 }), (count, requests) => {
        const replicas = ready(count);
        for (let turn = 1; turn <= requests; turn += 1) give(replicas, turn);
        const outstanding = replicas.map(replica => replica.outstanding);
        expect(Math.max(...outstanding) - Math.min(...outstanding)).toBeLessThanOrEqual(1);
      }),
    );
  });

  test('when each is answered before the next comes, all get the same number', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 10 }), (count, rounds) => {
        const replicas = ready(count);
        const shares = new Map<Candidate, number>();
        for (let turn = 1; turn <= count * rounds; turn += 1) {
          const chosen = give(replicas, turn);
          chosen.outstanding -= 1;
          shares.set(chosen, (shares.get(chosen) ?? 0) + 1);
        }
        expect([...shares.values()]).toEqual(replicas.map(() => rounds));
      }),
    );
  });
});
