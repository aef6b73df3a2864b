import { randomBytes } from 'node:crypto';
import { expect } from '@jest/globals';
import type { Link } from '@strongroom/testing/link';
import { TargetError } from '../src/targets/target-error.ts';
import type { Limits, PasswordChange, Target } from '../src/targets/target.ts';

const LIMITS: Limits = { deadlineMs: 60_000 };

export interface Interruption {
  /** Through the link. */
  readonly target: Target;
  /** Past the link. */
  readonly direct: Target;
  readonly link: Link;
  readonly account: string;
  readonly current: string;
  readonly step: number;
  readonly changeTo: (current: string, newPassword: string) => PasswordChange;
}

/**
 * Changes the password over connections of which each is cut a few bytes later than the one before, until one lives
 * long enough. After each the account has one of two passwords, and not the new one when the failure said so.
 */
export async function cutEverywhere(interruption: Interruption): Promise<{ outcomes: Set<string> }> {
  const { target, direct, link, account, step, changeTo } = interruption;
  const outcomes = new Set<string>();
  let { current } = interruption;
  for (let bytes = 0; !outcomes.has('done'); bytes += step) {
    const candidate = `Nw+${randomBytes(12).toString('hex')}=Z`;
    link.cutAfter(bytes);
    const outcome = await target.setPassword(changeTo(current, candidate), LIMITS).then(
      () => 'done',
      (error: unknown) => {
        expect(error).toBeInstanceOf(TargetError);
        return (error as TargetError).outcome;
      },
    );
    outcomes.add(outcome);
    // Hosts answer a wrong password late, so the one that is usually right comes first.
    const isChanged = (await direct.proves(account, current, LIMITS)) === 'refused';
    if (isChanged) current = candidate;
    if (isChanged) expect(await direct.proves(account, current, LIMITS)).toBe('opens');
    if (outcome === 'done') expect(isChanged).toBe(true);
    if (outcome === 'unchanged') expect(isChanged).toBe(false);
  }
  link.mend();
  return { outcomes };
}
