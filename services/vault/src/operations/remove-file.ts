import { AUDIT_EVENTS } from '@strongroom/contracts/audit';
import type { Caller, RequestInfo } from '@strongroom/contracts/caller';
import type { VaultContext } from '../context.ts';
import type { Expectation } from '../domain/expectation.ts';
import { fileIdsIn, withoutField } from '../domain/file.ts';
import type { Secret, SecretAddress } from '../domain/secret.ts';
import { parseAddress } from './find-secret.ts';
import { FORGET } from './once.ts';
import { rewriteContent } from './rewrite-content.ts';

/** Writes a version without the file. It stays in the versions that have it, and goes with the last of them. */
export const removeFile = (
  ctx: VaultContext,
  caller: Caller,
  request: RequestInfo,
  rawAddress: SecretAddress,
  field: string,
  expected: Expectation,
): Promise<Secret> =>
  rewriteContent(
    ctx,
    caller,
    request,
    {
      address: parseAddress(rawAddress),
      expected,
      rewrite: data => (fileIdsIn(data).has(field) ? withoutField(data, field) : undefined),
      act: { type: AUDIT_EVENTS.fileRemoved },
    },
    FORGET,
  );
