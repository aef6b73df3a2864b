import { AUDIT_EVENTS } from '@strongroom/contracts/audit';
import type { Caller, RequestInfo } from '@strongroom/contracts/caller';
import { repeatEvery } from '@strongroom/service/repeat-every';
import type { AuthContext } from '../context.ts';
import {
  CLOCK_MARGIN_SECONDS,
  due,
  later,
  PREPUBLISH_SECONDS,
  retirement,
  rotatable,
  type SigningAlgorithm,
  type SigningKey,
} from '../domain/signing-key.ts';
import {
  deleteRetiredSigningKeys,
  destroyPrivateKeys,
  findSigningKeys,
  insertSigningKey,
  lockSigningKeys,
  retireSigningKeys,
} from '../store/signing-keys.ts';
import { makeSigningKey } from './make-signing-keys.ts';

type RotationContext = Pick<
  AuthContext,
  'db' | 'now' | 'newId' | 'keyring' | 'audit' | 'ring' | 'signer' | 'log'
>;

/**
 * Makes the next key of each algorithm. It is shown at once and signs when every verifier has had the time to
 * learn of it; the present one is shown until its last token has expired. While a next key waits already,
 * nothing happens. Returns all keys.
 */
export const rotateSigningKeys = (
  ctx: RotationContext,
  caller?: Caller,
  request?: RequestInfo,
): Promise<SigningKey[]> => ctx.keyring.sealing(() => addNextKeys(ctx, rotatable, caller, request));

async function addNextKeys(
  ctx: RotationContext,
  wanted: (keys: readonly SigningKey[], now: Date) => SigningAlgorithm[],
  caller?: Caller,
  request?: RequestInfo,
): Promise<SigningKey[]> {
  const now = ctx.now();
  const activeFrom = later(now, PREPUBLISH_SECONDS);
  const algorithms = wanted(await findSigningKeys(ctx.db), now);
  const made = await Promise.all(algorithms.map(algorithm => makeSigningKey(ctx, algorithm, activeFrom)));
  if (made.length > 0) {
    await ctx.db.transaction(async tx => {
      await lockSigningKeys(tx);
      // Another replica may have been faster.
      const stillWanted = wanted(await findSigningKeys(tx), now);
      for (const key of made.filter(({ algorithm }) => stillWanted.includes(algorithm))) {
        await insertSigningKey(tx, key);
        await retireSigningKeys(tx, key.algorithm, key.id, retirement(activeFrom));
        await ctx.audit.append(tx, {
          type: AUDIT_EVENTS.signingKeyAdded,
          ...(caller === undefined ? {} : { caller }),
          ...(request === undefined ? {} : { request }),
          message: { keyID: key.id, algorithm: key.algorithm, activeFrom: activeFrom.toISOString() },
        });
      }
    });
    ctx.ring();
  }
  await ctx.signer.reload();
  return findSigningKeys(ctx.db);
}

/**
 * One round: next keys for those that are `days` old (0: never), an end to what is of no more use, and what other
 * replicas have changed.
 */
export async function keepSigningKeys(ctx: RotationContext, days: number): Promise<void> {
  const now = ctx.now();
  // A replica whose clock is behind may sign with the old key for a moment longer.
  await destroyPrivateKeys(ctx.db, later(now, -CLOCK_MARGIN_SECONDS));
  await deleteRetiredSigningKeys(ctx.db, now);
  await ctx.keyring.sealing(() => addNextKeys(ctx, (keys, at) => (days === 0 ? [] : due(keys, at, days))));
}

const INTERVAL_MS = 30_000;

/** Every replica does it; the database decides who is first. Returns the way to stop. */
export function startSigningKeyKeeper(ctx: RotationContext, days: number): () => Promise<void> {
  return repeatEvery(
    INTERVAL_MS,
    () => keepSigningKeys(ctx, days),
    error => ctx.log.error('the signing keys could not be looked after', error),
  );
}
