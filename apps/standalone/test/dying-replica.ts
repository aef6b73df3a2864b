import type { SecretsManagerContext } from '../../../services/secrets-manager/src/context.ts';

export class Crash extends Error {}

/** A replica that dies at its n-th moment; before and after each effect there is one. `Infinity`: it does not. */
export function dyingReplica(
  replica: SecretsManagerContext,
  moment: number,
  open: SecretsManagerContext['openTarget'],
) {
  let moments = 0;
  const pass = () => {
    if (moments >= moment) throw new Crash();
    moments += 1;
  };
  const effect = async <T>(work: () => Promise<T>): Promise<T> => {
    pass();
    const result = await work();
    pass();
    return result;
  };
  const { db, vault } = replica;
  const ctx: SecretsManagerContext = {
    ...replica,
    db: {
      ...db,
      query: (text, values) => effect(() => db.query(text, values)),
      transaction: work => effect(() => db.transaction(work)),
    },
    vault: {
      ...vault,
      read: name => effect(() => vault.read(name)),
      write: (name, write) => effect(() => vault.write(name, write)),
      keepVersions: (name, count) => effect(() => vault.keepVersions(name, count)),
    },
    openTarget(description) {
      const target = open(description);
      return {
        setPassword: (change, limits) => effect(() => target.setPassword(change, limits)),
        proves: (account, password, limits) => effect(() => target.proves(account, password, limits)),
      };
    },
  };
  return { ctx, moments: () => moments };
}
