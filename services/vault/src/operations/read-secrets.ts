import type { Caller, RequestInfo } from '@strongroom/contracts/caller';
import { AppError } from '@strongroom/errors/app-error';
import { tooLarge } from '@strongroom/errors/common-errors';
import type { VaultContext } from '../context.ts';
import type { Secret, SecretAddress, SecretData } from '../domain/secret.ts';
import { readSecret } from './read-secret.ts';

/** How many secrets are opened at once: with the limit of each, it bounds what a batch takes of the memory. */
const AT_ONCE = 8;
/** Content that one answer may carry, as JSON. */
const MAX_ANSWER_BYTES = 8 * 1_048_576;

export type ReadResult =
  | { readonly secret: Secret; readonly data: SecretData; readonly error?: undefined }
  | { readonly error: AppError };

/**
 * Reads each secret as `readSecret` does, with a record of its own; what cannot be read is a result, too, and fails
 * nothing else. Once the answer is full, what is left is not read.
 */
export async function readSecrets(
  ctx: VaultContext,
  caller: Caller,
  request: RequestInfo,
  addresses: readonly SecretAddress[],
): Promise<ReadResult[]> {
  const results: ReadResult[] = [];
  let bytes = 0;
  for (let start = 0; start < addresses.length; start += AT_ONCE) {
    const some = addresses.slice(start, start + AT_ONCE);
    if (bytes >= MAX_ANSWER_BYTES) {
      results.push(...some.map(() => ({ error: tooLarge('The answer is full: read this secret apart') })));
      continue;
    }
    for (const result of await Promise.all(some.map(address => readOne(ctx, caller, request, address)))) {
      results.push(result);
      if (result.error === undefined) bytes += JSON.stringify(result.data).length;
    }
  }
  return results;
}

async function readOne(
  ctx: VaultContext,
  caller: Caller,
  request: RequestInfo,
  address: SecretAddress,
): Promise<ReadResult> {
  try {
    const { secret, data } = await readSecret(ctx, caller, request, address);
    if (data === undefined) throw new Error('a secret was not opened');
    return { secret, data };
  } catch (error) {
    // What concerns this secret alone. When nothing can be answered, the batch is not.
    if (error instanceof AppError && error.kind !== 'unavailable') return { error };
    throw error;
  }
}
