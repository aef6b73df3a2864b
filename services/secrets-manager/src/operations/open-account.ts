import type { SecretsManagerContext } from '../context.ts';
import { TargetError } from '../targets/target-error.ts';
import type { Limits, Target } from '../targets/target.ts';
import type { DescribedAccount } from './described-account.ts';
import { keyOfFirstUse, tellRefusedKey } from './host-keys.ts';

type Opening = Pick<
  SecretsManagerContext,
  'db' | 'audit' | 'now' | 'newId' | 'ring' | 'log' | 'config' | 'rotation' | 'openTarget'
>;

/**
 * The target of an account. A host that is trusted on first use is asked for its key before anything is said to it, within
 * the same deadline; one that shows another key than those that are pinned is told of.
 */
export function openAccount(
  ctx: Opening,
  {
    key,
    systemName,
    target,
    trustsFirstKey,
  }: Pick<DescribedAccount, 'key' | 'systemName' | 'target' | 'trustsFirstKey'>,
): Target {
  const host = { id: key.systemId, name: systemName };
  async function reach<T>(limits: Limits, work: (target: Target, limits: Limits) => Promise<T>): Promise<T> {
    try {
      if (target.kind !== 'ssh' || !trustsFirstKey) return await work(ctx.openTarget(target), limits);
      const started = performance.now();
      const hostKeys = [await keyOfFirstUse(ctx, host, target, limits)];
      const deadlineMs = limits.deadlineMs - (performance.now() - started);
      return await work(ctx.openTarget({ ...target, hostKeys }), { ...limits, deadlineMs });
    } catch (error) {
      if (error instanceof TargetError && error.reason === 'host-key-changed') {
        // The attempt has failed for that reason, whether it can be told now or not.
        await tellRefusedKey(ctx, host).catch((untold: unknown) =>
          ctx.log.error('a host with another key could not be told of', untold, { hostId: host.id }),
        );
      }
      throw error;
    }
  }
  return {
    setPassword: (change, limits) =>
      reach(limits, (opened, remaining) => opened.setPassword(change, remaining)),
    proves: (account, password, limits) =>
      reach(limits, (opened, remaining) => opened.proves(account, password, remaining)),
  };
}
