import { AUDIT_EVENTS } from '@strongroom/contracts/audit';
import type { Caller, RequestInfo } from '@strongroom/contracts/caller';
import type { CloudEvent } from '@strongroom/contracts/cloud-event';
import type { Queryable } from '@strongroom/db/database';
import type { VaultContext } from '../context.ts';
import { sealContent } from '../domain/content.ts';
import { noSuchFile, secretExists, uploadLost, writeConflict } from '../domain/errors.ts';
import { fileIdsIn, withFile } from '../domain/file.ts';
import { mayWrite, type Secret, type SecretAddress, type SecretData } from '../domain/secret.ts';
import { isReadable, newestVersion } from '../domain/version.ts';
import { attachFirstFile } from '../store/files.ts';
import { insertSecret } from '../store/write-secrets.ts';
import { allOrNothing } from './all-or-nothing.ts';
import { checkContent } from './check-content.ts';
import { named, parseAddress, refuse } from './find-secret.ts';
import { makeFolders } from './make-folders.ts';
import type { Remember } from './once.ts';
import { folderOf, requireMayCreate } from './may-create.ts';
import { requireKnownRoles } from './role-lists.ts';
import { storedMessage } from './store-file.ts';
import { untilFirst } from './until-first.ts';
import { changeSecret } from './update-secret.ts';
import { ended, type Upload } from './upload-file.ts';

export interface NewSecret
  extends
    SecretAddress,
    Pick<
      Secret,
      | 'schema'
      | 'tags'
      | 'readRoles'
      | 'writeRoles'
      | 'expiresAt'
      | 'maxVersions'
      | 'deleteVersionAfterSeconds'
      | 'casRequired'
    > {
  readonly data: SecretData;
  /** Its first file, which was uploaded under the id that the secret is to have. */
  readonly file?: { readonly field: string; readonly upload: Upload } | undefined;
}

export type CreatedSecret = Omit<Secret, 'number' | 'folderId' | 'folderNumber'>;

/** Each round makes the folders that are missing; they, and the schema, could be gone again in between. */
const MAX_ROUNDS = 5;

/** Stores a secret with its first version; where there was one whose newest version is deleted, its next. */
export async function createSecret(
  ctx: VaultContext,
  caller: Caller,
  request: RequestInfo,
  input: NewSecret,
  remember: Remember<CreatedSecret>,
): Promise<CreatedSecret> {
  return untilFirst(
    async () =>
      (await insertNew(ctx, caller, request, input, remember)) ??
      (await writeAnew(ctx, caller, request, input, remember)),
  );
}

/** Stores a secret, its audit record in the same statement. Undefined: there is one of this name. */
export async function insertNew(
  ctx: VaultContext,
  caller: Caller,
  request: RequestInfo,
  input: NewSecret,
  remember: Remember<CreatedSecret>,
): Promise<CreatedSecret | undefined> {
  const address = parseAddress(input);
  const folderPath = folderOf(address);
  await requireMayCreate(ctx, caller, request, address);
  await requireKnownRoles(ctx.roles, 'read_roles', input.readRoles);
  await requireKnownRoles(ctx.roles, 'write_roles', input.writeRoles);
  const { data: content, file, ...stated } = input;
  // A new secret has none yet but its first.
  if (fileIdsIn(content).size > 0) throw noSuchFile();
  const data = file === undefined ? content : withFile(content, file.field, file.upload.file);
  const now = ctx.now();
  const secret: CreatedSecret = {
    ...stated,
    ...address,
    id: file?.upload.secretId ?? ctx.newId(),
    inheritedReadRoles: [],
    inheritedWriteRoles: [],
    version: 1,
    revision: 1,
    createdAt: now,
    createdBy: caller.id,
    updatedAt: now,
    updatedBy: caller.id,
  };
  const version = newestVersion(secret);
  const message = { ...named(address), secretID: secret.id, secretVersion: '1' };
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    await checkContent(ctx, stated.schema, data);
    const stored = await ctx.keyring.sealing(() => {
      const envelope = sealContent(ctx.keyring, secret, data);
      const insert = (db: Queryable, events: readonly CloudEvent[]) =>
        insertSecret(db, secret, folderPath, version, envelope, { events, answers: remember(secret) });
      return ctx.audit.appendWithin(
        events =>
          file === undefined
            ? insert(ctx.db, events)
            : allOrNothing(ctx.db, async tx => {
                if (!(await insert(tx, events))) return false;
                if (!(await attachFirstFile(tx, ended(file.upload)))) throw uploadLost();
                return true;
              }),
        { type: AUDIT_EVENTS.secretCreated, caller, request, message },
        ...(file === undefined
          ? []
          : [
              {
                type: AUDIT_EVENTS.fileStored,
                caller,
                request,
                message: { ...message, ...storedMessage(file.upload) },
              },
            ]),
      );
    });
    if (stored) {
      ctx.ring();
      return secret;
    }
    if ((await ctx.secrets.find(address)) !== undefined) return undefined;
    if (folderPath !== undefined) await makeFolders(ctx, caller, request, folderPath);
  }
  throw writeConflict();
}

/**
 * A secret whose newest version is deleted reads as absent, so clients create it again; whoever may write it may. It
 * becomes what they state, and keeps its older versions. Undefined: it has changed meanwhile.
 */
async function writeAnew(
  ctx: VaultContext,
  caller: Caller,
  request: RequestInfo,
  input: NewSecret,
  remember: Remember<CreatedSecret>,
): Promise<CreatedSecret | undefined> {
  const address = parseAddress(input);
  const found = await ctx.secrets.findSealed(address);
  if (found === undefined) return undefined;
  const { secret, version } = found;
  // A file is bound to the id under which it was uploaded, so it makes a secret and never changes one.
  if (isReadable(version, ctx.now()) || !mayWrite(caller, secret) || input.file !== undefined) {
    // On the record, since it tells of a secret that the caller may not know of.
    return refuse(ctx, caller, request, address, secretExists());
  }
  const { data, readRoles, writeRoles, tags, schema = null, expiresAt = null } = input;
  const change = { data, readRoles, writeRoles, tags, schema, expiresAt };
  return changeSecret(ctx, caller, request, address, secret, change, { version: secret.version }, remember);
}
