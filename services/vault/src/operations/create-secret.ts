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
  type Secret,
  type SecretAddress,
  type SecretData,
} from '../domain/secret.ts';
import { findNearestFolder } from '../store/folders.ts';
import { insertSecret } from '../store/write-secrets.ts';
import { checkContent } from './check-content.ts';
import { named, parseAddress, refuse } from './find-secret.ts';
import { makeFolders } from './make-folders.ts';
import type { Remember } from './once.ts';
import { requireKnownRoles } from './role-lists.ts';

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

export type CreatedSecret = Omit<Secret, 'number' | 'folderId'>;

/** Each round makes the folders that are missing; they, and the schema, could be gone again in between. */
const MAX_ROUNDS = 5;

/** Stores a secret with its first version, its audit record in the same statement. */
export async function createSecret(
  ctx: VaultContext,
  caller: Caller,
  request: RequestInfo,
  input: NewSecret,
  remember: Remember<CreatedSecret>,
): Promise<CreatedSecret> {
  const address = parseAddress(input);
  const folderPath = address.ownerId === undefined ? folderPathOf(address.name) : undefined;
  await requireRight(ctx, caller, request, address, folderPath);
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
  const version = firstVersion(secret);
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
    // On the record, since it tells of a secret that the caller may not know of.
    if ((await ctx.secrets.find(address)) !== undefined) {
      return refuse(ctx, caller, request, address, secretExists());
    }
    if (folderPath !== undefined) await makeFolders(ctx, caller, request, folderPath);
  }
  throw writeConflict();
}

const firstVersion = (secret: CreatedSecret) => ({
  version: secret.version,
  createdAt: secret.createdAt,
  createdBy: secret.createdBy,
  deletionTime: deletionTimeOf(secret, secret.createdAt),
  destroyed: false,
});

/** When a version that is written now will count as deleted. */
export const deletionTimeOf = (
  { deleteVersionAfterSeconds }: Pick<Secret, 'deleteVersionAfterSeconds'>,
  now: Date,
): Date | undefined =>
  deleteVersionAfterSeconds === 0 ? undefined : new Date(now.getTime() + deleteVersionAfterSeconds * 1_000);

/** Anybody may keep secrets of his own; sharing needs the right to add, and a folder's write role where it has any. */
async function requireRight(
  ctx: VaultContext,
  caller: Caller,
  request: RequestInfo,
  address: SecretAddress,
  folderPath: string | undefined,
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
  if (folderPath === undefined) return;
  if (!mayAddTo(caller, await findNearestFolder(ctx.db, folderPath))) {
    return refuse(ctx, caller, request, address, folderWriteRoleRequired());
  }
}
