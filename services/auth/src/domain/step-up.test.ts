import { expect, test } from '@jest/globals';
import { CALLER_KINDS } from '@strongroom/contracts/caller';
import { FRESH_SIGN_IN_SECONDS, requireFreshSignIn, requirePerson } from './step-up.ts';

const now = new Date('2026-05-01T08:00:00Z');
const signedIn = (secondsAgo: number) => ({ authTime: now.getTime() / 1_000 - secondsAgo });

test('a sign-in is fresh for as long as stated', () => {
  expect(() => requireFreshSignIn(signedIn(FRESH_SIGN_IN_SECONDS), now)).not.toThrow();
  expect(() => requireFreshSignIn(signedIn(60), now, 60)).not.toThrow();
  const refusal = expect.objectContaining({ kind: 'forbidden', code: 'STEP_UP_REQUIRED' });
  expect(() => requireFreshSignIn(signedIn(FRESH_SIGN_IN_SECONDS + 1), now)).toThrow(refusal);
  expect(() => requireFreshSignIn(signedIn(61), now, 60)).toThrow(refusal);
  expect(() => requireFreshSignIn({ authTime: 0 }, now)).toThrow(refusal);
});

test('only people have second factors', () => {
  for (const kind of CALLER_KINDS) {
    const act = () => requirePerson({ kind });
    if (kind === 'user') expect(act).not.toThrow();
    else expect(act).toThrow(expect.objectContaining({ kind: 'forbidden' }));
  }
});
