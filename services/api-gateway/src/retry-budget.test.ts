import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createRetryBudget } from './retry-budget.ts';

test('second tries never exceed what was saved up and their share of the first ones', () => {
  fc.assert(
    fc.property(fc.array(fc.boolean(), { maxLength: 500 }), tries => {
      const budget = createRetryBudget(0.25, 10);
      let first = 0;
      let second = 0;
      for (const isFirst of tries) {
        if (isFirst) {
          budget.earn();
          first += 1;
        } else if (budget.spend()) second += 1;
        expect(second).toBeLessThanOrEqual(10 + 0.25 * first);
      }
    }),
  );
});

test('when every request fails, the load grows by the share alone', () => {
  const budget = createRetryBudget(0.25, 10);
  let second = 0;
  for (let first = 0; first < 1_000; first += 1) {
    budget.earn();
    while (budget.spend()) second += 1;
  }
  // The first one comes while the savings are full.
  expect(second).toBe(Math.floor(10 + 0.25 * 999));
});
