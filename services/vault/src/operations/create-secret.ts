import { AUDIT_EVENTS } from '@strongroom/contracts/audit';
import type { Caller, RequestInfo } from '@strongroom/contracts/caller';
import type { VaultContext } from '../context.ts';
import { sealContent } from '../domain/content.ts';
import {
  folderWriteRoleRequired,
  manageRequired,
  noSuchFile,
  ownSecretsOnly,
  secretExists,
  writeConflict,
} from '../domain/errors.ts';
import { fileIdsIn } from '../domain/file.ts';
import { folderPathOf, mayAddTo } from '../domain/folder.ts';
import {
  mayManage,
  mayUsePersonal,
  mayWrite,
  type Secret,
  type SecretAddress,
  type SecretData,
} from '../domain/secret.ts';
import { isReadable, newestVersion } from '../domain/version.ts';
import { findNearestFolder } from '../store/folders.ts';
import { insertSecret } from '../store/write-secrets.ts';
import { checkContent } from './check-content.ts';
import { named, parseAddress, refuse } from './find-secret.ts';
import { makeFolders } from './make-folders.ts';
import type { Remember } from './once.ts';
import { requireKnownRoles } from './role-lists.ts';
import { untilFirst } from './until-first.ts';
import { changeSecret } from './update-secret.ts';

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
  const { data, ...stated } = input;
  // A new secret has none yet.
  if (fileIdsIn(data).size > 0) throw noSuchFile();
  const now = ctx.now();
  const secret: CreatedSecret = {
    ...stated,
    ...address,
    id: ctx.newId(),
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
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    await checkContent(ctx, stated.schema, data);
    const stored = await ctx.keyring.sealing(() => {
      const envelope = sealContent(ctx.keyring, secret, data);
      return ctx.audit.appendWithin(
        events =>
          insertSecret(ctx.db, secret, folderPath, version, envelope, { events, answers: remember(secret) }),
        {
          type: AUDIT_EVENTS.secretCreated,
          caller,
          request,
          message: { ...named(address), secretID: secret.id, secretVersion: '1' },
        },
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
  if (isReadable(version, ctx.now()) || !mayWrite(caller, secret)) {
    // On the record, since it tells of a secret that the caller may not know of.
    return refuse(ctx, caller, request, address, secretExists());
  }
  const { data, readRoles, writeRoles, tags, schema = null, expiresAt = null } = input;
  const change = { data, readRoles, writeRoles, tags, schema, expiresAt };
  return changeSecret(ctx, caller, request, address, secret, change, { version: secret.version }, remember);
}

const folderOf = ({ ownerId, name }: SecretAddress): string | undefined =>
  ownerId === undefined ? folderPathOf(name) : undefined;

/** Anybody may keep secrets of his own; sharing needs the right to add, and a folder's write role where it has any. */
export async function requireMayCreate(
  ctx: VaultContext,
  caller: Caller,
  request: RequestInfo,
  address: SecretAddress,
): Promise<void> {
  if (address.ownerId !== undefined) {
    if (!mayUsePersonal(caller, address.ownerId)) {
      return refuse(ctx, caller, request, address, ownSecretsOnly());
    }
    return;
  }
  if (!mayManage(caller) && !caller.permissions.has('vault-add')) {
    return refuse(ctx, caller, request, address, manageRequired('Creating a secret'));
  }
  const folderPath = folderOf(address);
  if (folderPath === undefined) return;
  if (!mayAddTo(caller, await findNearestFolder(ctx.db, folderPath))) {
    return refuse(ctx, caller, request, address, folderWriteRoleRequired());
  }
}
