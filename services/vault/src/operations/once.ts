import { createHash, createHmac } from 'node:crypto';
import { AUDIT_EVENTS } from '@strongroom/contracts/audit';
import type { Caller, RequestInfo } from '@strongroom/contracts/caller';
import { constantTimeEqual } from '@strongroom/crypto/compare';
import { invalidField } from '@strongroom/errors/common-errors';
import type { VaultContext } from '../context.ts';
import { findAnswer } from '../store/idempotency-keys.ts';

/** The rows that a write stores with itself: the answer that this result will have, under the caller's key. */
export type Remember<T> = (result: T) => string;

/** For writes that no caller can repeat. */
export const FORGET = (): string => '[]';

/**
 * Does `act` once for all requests of a caller under one key: the first stores its answer in the statement that makes
 * the change, and every other gets that answer and changes nothing. Without a key it just acts.
 */
export async function once<T, A>(
  ctx: Pick<VaultContext, 'db' | 'audit' | 'now'>,
  {
    caller,
    request,
    key,
    target,
  }: { caller: Caller; request: RequestInfo; key: string | undefined; target: unknown },
  toAnswer: (result: T) => A,
  act: (remember: Remember<T>) => Promise<T>,
): Promise<A> {
  if (key === undefined) return toAnswer(await act(FORGET));
  const keyHash = createHash('sha256').update(key).digest('hex');
  // Keyed by what only the caller has: of a plain digest, the secret in the request could be guessed.
  const fingerprint = createHmac('sha256', key).update(JSON.stringify(target)).digest('hex');
  const repeat = async (): Promise<{ answer: A } | undefined> => {
    const earlier = await findAnswer(ctx.db, caller.id, keyHash);
    if (earlier === undefined) return undefined;
    if (!constantTimeEqual(earlier.fingerprint, fingerprint)) {
      throw invalidField('Idempotency-Key', 'This idempotency key was used for another request');
    }
    await ctx.audit.write({ type: AUDIT_EVENTS.requestRepeated, caller, request });
    return { answer: earlier.answer as A };
  };
  const repeated = await repeat();
  if (repeated !== undefined) return repeated.answer;
  try {
    const remember = (result: T) =>
      JSON.stringify([
        {
          caller: caller.id,
          key_hash: keyHash,
          fingerprint,
          answer: toAnswer(result),
          created_at: ctx.now(),
        },
      ]);
    return toAnswer(await act(remember));
  } catch (error) {
    // Whatever the error: the same request may have been quicker, and this one met what that had made.
    const meanwhile = await repeat();
    if (meanwhile === undefined) throw error;
    return meanwhile.answer;
  }
}
