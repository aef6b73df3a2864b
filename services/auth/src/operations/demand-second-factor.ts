import type { Caller, RequestInfo } from '@strongroom/contracts/caller';
import { invalidField } from '@strongroom/errors/common-errors';
import type { AuthContext } from '../context.ts';
import { requireFreshSignIn } from '../domain/step-up.ts';
import { deleteSecondFactors, lockUsers, setMfaRequired } from '../store/second-factors.ts';
import { endSessions } from './effects-at-once.ts';
import { requireRightsOver } from './rights-over.ts';
import { change } from './second-factor-setup.ts';

/**
 * What an administrator does about other people's second factors (contract 4.2). `enable`: one is demanded, and
 * set up at the next sign-in. `disable`: none is demanded and what is set up is gone, since sign-in asks for
 * whatever is set up. `reset`: what is set up is gone, the demand stays.
 */
export const MFA_ACTIONS = ['enable', 'disable', 'reset'] as const;
export type MfaAction = (typeof MFA_ACTIONS)[number];

/** All of them or none. */
export async function changeMfa(
  ctx: AuthContext,
  caller: Caller,
  request: RequestInfo,
  action: MfaAction,
  userIds: readonly string[],
): Promise<void> {
  const ids = [...new Set(userIds.map(id => id.toLowerCase()))];
  if (action !== 'enable' && ids.includes(caller.id)) requireFreshSignIn(caller, ctx.now());
  await ctx.db.transaction(async tx => {
    const users = await lockUsers(tx, ids);
    const known = new Set(users.map(user => user.id));
    const unknown = userIds.findIndex(id => !known.has(id.toLowerCase()));
    if (unknown !== -1) throw invalidField(String(unknown), 'No user has this id');
    await requireRightsOver(
      tx,
      caller,
      ids.filter(id => id !== caller.id),
    );
    if (action !== 'reset') await setMfaRequired(tx, ids, action === 'enable', ctx.now(), caller.id);
    if (action !== 'enable') await deleteSecondFactors(tx, ids);
    await ctx.audit.append(tx, ...ids.map(id => change(id, ACTION_WORDS[action], { caller, request })));
    // Whoever signed in by what is gone now signs in anew.
    if (action !== 'enable') for (const id of ids) await endSessions(ctx, tx, { subjectId: id });
  });
  ctx.ring();
}

const ACTION_WORDS: Record<MfaAction, string> = {
  enable: 'second factor demanded',
  disable: 'second factor disabled',
  reset: 'second factors reset',
};
