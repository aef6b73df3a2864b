import type { Caller, RequestInfo } from '@strongroom/contracts/caller';
import type { VaultContext } from '../context.ts';
import { secretExists, versionConflict } from '../domain/errors.ts';
import type { Expectation } from '../domain/expectation.ts';
import { mayKnow } from '../domain/secret.ts';
import { insertNew, type CreatedSecret, type NewSecret } from './create-secret.ts';
import { parseAddress, refuse } from './find-secret.ts';
import { requireMayCreate } from './may-create.ts';
import type { Remember } from './once.ts';
import { untilFirst } from './until-first.ts';
import { changeSecret, type SecretChange } from './update-secret.ts';

/**
 * Writes content, whether or not there is a secret yet: `input` makes one, `change` is for the one that is there. An
 * expected version of 0 wants none to be there.
 */
export async function writeSecret(
  ctx: VaultContext,
  caller: Caller,
  request: RequestInfo,
  input: NewSecret,
  change: SecretChange,
  expected: Pick<Expectation, 'version'>,
  remember: Remember<CreatedSecret>,
): Promise<CreatedSecret> {
  const address = parseAddress(input);
  return untilFirst(async () => {
    const found = await ctx.secrets.find(address);
    if (found !== undefined && mayKnow(caller, found)) {
      return changeSecret(ctx, caller, request, address, found, change, expected, remember);
    }
    // From here on, one that the caller may not know of is as good as absent until its name turns out to be taken.
    if (expected.version !== undefined && expected.version !== 0) {
      await requireMayCreate(ctx, caller, request, address);
      throw versionConflict();
    }
    const created = await insertNew(ctx, caller, request, input, remember);
    if (created === undefined && found !== undefined) {
      return refuse(ctx, caller, request, address, secretExists());
    }
    return created;
  });
}
