import type { Act } from '@strongroom/audit/audit';
import { AUDIT_EVENTS } from '@strongroom/contracts/audit';
import type { Caller, RequestInfo } from '@strongroom/contracts/caller';
import type { Queryable } from '@strongroom/db/database';
import type { VaultContext } from '../context.ts';
import { openContent, sealContent } from '../domain/content.ts';
import { fileNotFound, secretNotFound, uploadLost, writeRoleRequired } from '../domain/errors.ts';
import { requireExpected, type Expectation } from '../domain/expectation.ts';
import { fileIdsIn } from '../domain/file.ts';
import { mayWrite, type Secret, type SecretAddress, type SecretData } from '../domain/secret.ts';
import { isReadable, newestVersion } from '../domain/version.ts';
import { describeFile } from '../store/files.ts';
import { insertVersion } from '../store/write-secrets.ts';
import { allOrNothing } from './all-or-nothing.ts';
import { checkContent } from './check-content.ts';
import { named, refuse, requireKnown } from './find-secret.ts';
import { describeFiles } from './keep-files.ts';
import type { Remember } from './once.ts';
import { untilFirst } from './until-first.ts';
import type { EndedUpload } from './upload-file.ts';

/** One field of a secret's content is given or loses a file; all others stay. */
export interface FileChange {
  readonly address: SecretAddress;
  readonly expected: Expectation;
  /** Undefined: there is no such file. */
  readonly rewrite: (data: SecretData) => SecretData | undefined;
  /** A file that was uploaded for it, into this very secret. */
  readonly upload?: EndedUpload;
  readonly act: Pick<Act, 'type' | 'message'>;
}

/**
 * Writes a new version with the content of the newest one, changed. The caller needs the right to write, not to read:
 * what stays is not shown to him. Returns what the secret is now.
 */
export async function rewriteContent(
  ctx: VaultContext,
  caller: Caller,
  request: RequestInfo,
  { address, expected, rewrite, upload, act }: FileChange,
  remember: Remember<Secret>,
): Promise<Secret> {
  let result: Secret | undefined;
  await untilFirst(async () => {
    const found = await ctx.secrets.findSealed(address);
    const { secret, version, envelope } = await requireKnown(ctx, caller, request, address, found);
    if (!mayWrite(caller, secret)) return refuse(ctx, caller, request, address, writeRoleRequired());
    // Another one of the same name has come since the upload began.
    if (upload !== undefined && upload.secretId !== secret.id) throw uploadLost();
    requireExpected(secret, expected);
    if (envelope === undefined || !isReadable(version, ctx.now())) {
      return refuse(ctx, caller, request, address, secretNotFound());
    }
    const data = rewrite(await openContent(ctx.keyring, secret, envelope));
    if (data === undefined) return refuse(ctx, caller, request, address, fileNotFound());
    await checkContent(ctx, secret.schema, data);
    const next: Secret = {
      ...secret,
      version: secret.version + 1,
      updatedAt: ctx.now(),
      updatedBy: caller.id,
    };
    const kept = await describeFiles(ctx, secret.id, [...fileIdsIn(data).values()]);
    const fileIds = upload === undefined ? [...kept.keys()] : [...kept.keys(), upload.fileId];
    result = { ...next, revision: secret.revision + 1 };
    const answers = remember(result);
    const message = { ...named(address), secretID: secret.id, secretVersion: String(next.version) };
    return ctx.keyring.sealing(() => {
      const sealed = sealContent(ctx.keyring, next, data);
      return ctx.audit.appendWithin(
        events => {
          const write = (db: Queryable) =>
            insertVersion(db, secret, next, newestVersion(next), sealed, fileIds, { events, answers });
          if (upload === undefined) return write(ctx.db);
          return allOrNothing(ctx.db, async tx => {
            if (!(await write(tx))) return false;
            if (!(await describeFile(tx, upload.fileId, upload.description))) throw uploadLost();
            return true;
          });
        },
        {
          type: AUDIT_EVENTS.secretUpdated,
          caller,
          request,
          message: { ...message, rolesChanged: 'false' },
        },
        { type: act.type, caller, request, message: { ...message, ...act.message } },
      );
    });
  });
  ctx.ring();
  if (result === undefined) throw new Error('a change ended without a result');
  return result;
}
