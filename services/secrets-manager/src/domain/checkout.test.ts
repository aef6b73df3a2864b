import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  decideCheckout,
  needsRotation,
  waitAfterFailure,
  type Checkout,
  type CheckoutPolicy,
} from './checkout.ts';

const MINUTE = 60_000;
const START = new Date('2026-03-10T10:00:00Z');
const at = (minutes: number) => new Date(START.getTime() + minutes * MINUTE);

const policy = (more: Partial<CheckoutPolicy> = {}): CheckoutPolicy => ({
  maxConcurrent: 1,
  maxDurationMs: 60 * MINUTE,
  rotateOnRelease: false,
  retryIntervalMs: 5 * MINUTE,
  ...more,
});

const held = (userId: string, more: Partial<Checkout> = {}): Checkout => ({
  id: `of ${userId}`,
  system: 'host',
  systemId: 'host',
  account: 'root',
  userId,
  state: 'held',
  version: null,
  createdAt: START,
  expiresAt: at(60),
  endedAt: null,
  rotationId: null,
  failedRotations: 0,
  lastFailedAt: null,
  ...more,
});

describe('who gets an account', () => {
  test('is never more than the policy allows, each holder once, nobody for longer than it says', () => {
    const asked = fc.record({
      user: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
      minute: fc.integer({ min: 0, max: 30 }),
      wanted: fc.option(fc.integer({ min: 1, max: 200 }), { nil: undefined }),
    });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 4 }), fc.array(asked), (maxConcurrent, requests) => {
        const rules = policy({ maxConcurrent });
        let active: readonly Checkout[] = [];
        for (const { user, minute, wanted } of requests.sort((one, other) => one.minute - other.minute)) {
          const now = at(minute);
          active = active.filter(({ expiresAt }) => expiresAt > now);
          const wantedMs = wanted === undefined ? undefined : wanted * MINUTE;
          const decision = decideCheckout(active, user, rules, now, wantedMs);
          if (decision.kind === 'new') {
            const { expiresAt } = decision;
            active = [...active, held(user, { createdAt: now, expiresAt })];
          } else if (decision.kind === 'renewed') {
            const { checkout, expiresAt } = decision;
            expect(checkout.userId).toBe(user);
            expect(expiresAt.getTime()).toBeGreaterThanOrEqual(checkout.expiresAt.getTime());
            active = active.map(each => (each === checkout ? { ...each, expiresAt } : each));
          } else {
            expect(active).toHaveLength(maxConcurrent);
            expect(active.some(({ userId }) => userId === user)).toBe(false);
          }
          expect(active.length).toBeLessThanOrEqual(maxConcurrent);
          expect(new Set(active.map(({ userId }) => userId)).size).toBe(active.length);
          for (const { createdAt, expiresAt } of active) {
            expect(expiresAt.getTime() - createdAt.getTime()).toBeLessThanOrEqual(60 * MINUTE);
          }
        }
      }),
    );
  });

  test('nobody does while its password is about to change, not even with room for more', () => {
    const releasing = held('a', { state: 'releasing', endedAt: at(1) });
    for (const user of ['a', 'b']) {
      expect(decideCheckout([releasing], user, policy({ maxConcurrent: 9 }), at(2)).kind).toBe('refused');
    }
  });

  test('a policy that became shorter takes back nothing', () => {
    const own = held('a');
    const decision = decideCheckout([own], 'a', policy({ maxDurationMs: MINUTE }), at(5));
    expect(decision).toEqual({ kind: 'renewed', checkout: own, expiresAt: own.expiresAt });
  });
});

test('the password changes when nobody has the account any more, if the policy says so', () => {
  const rotating = policy({ rotateOnRelease: true });
  expect(needsRotation(rotating, [])).toBe(true);
  expect(needsRotation(rotating, [held('b')])).toBe(false);
  expect(needsRotation(policy(), [])).toBe(false);
  expect(needsRotation(undefined, [])).toBe(false);
});

test.each([
  [5, 1, 5],
  [5, 2, 10],
  [5, 4, 40],
  [5, 5, 60],
  [5, 2_000, 60],
  [90, 1, 90],
  [90, 7, 90],
])('after a retry interval of %d minutes and %d failures it waits %d minutes', (interval, failures, wait) => {
  expect(waitAfterFailure({ retryIntervalMs: interval * MINUTE }, failures)).toBe(wait * MINUTE);
});
