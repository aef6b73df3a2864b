import { AUDIT_EVENTS } from '@strongroom/contracts/audit';
import type { Caller, RequestInfo } from '@strongroom/contracts/caller';
import { openStream } from '@strongroom/crypto/sealed-stream';
import type { VaultContext } from '../context.ts';
import { openContent } from '../domain/content.ts';
import { fileNotFound, readRoleRequired, secretNotFound } from '../domain/errors.ts';
import { fileAddress, fileIdsIn, type FileDescription } from '../domain/file.ts';
import { openDescription, openFileKey } from '../domain/sealed-file.ts';
import { mayRead, type SecretAddress } from '../domain/secret.ts';
import { isReadable } from '../domain/version.ts';
import { findFiles, readChunks } from '../store/files.ts';
import { findSealedVersion, type SealedSecret } from '../store/find-secrets.ts';
import { findKnown, named, parseAddress, refuse, requireKnown } from './find-secret.ts';

export interface OpenedFile {
  readonly file: FileDescription;
  /** Opened while it is read. It fails rather than give a wrong byte. */
  readonly content: AsyncIterable<Buffer>;
}

/** The file under `field` of the newest version, or of `version`. Resolves only when the audit record is durable. */
export async function readFile(
  ctx: VaultContext,
  caller: Caller,
  request: RequestInfo,
  rawAddress: SecretAddress,
  field: string,
  version: number | undefined,
): Promise<OpenedFile> {
  const address = parseAddress(rawAddress);
  const found = await findVersion(ctx, caller, request, address, version);
  const { secret } = found;
  if (!mayRead(caller, secret)) return refuse(ctx, caller, request, address, readRoleRequired());
  if (found.envelope === undefined || !isReadable(found.version, ctx.now())) {
    return refuse(ctx, caller, request, address, secretNotFound());
  }
  const place = { id: secret.id, version: found.version.version };
  const data = await openContent(ctx.keyring, place, found.envelope);
  const id = fileIdsIn(data).get(field);
  const [sealed] = id === undefined ? [] : await findFiles(ctx.db, secret.id, [id]);
  if (sealed === undefined) return refuse(ctx, caller, request, address, fileNotFound());
  const dataKey = await openFileKey(ctx.keyring, secret.id, sealed);
  const file = openDescription(dataKey, secret.id, sealed);
  await ctx.audit.write({
    type: AUDIT_EVENTS.fileRead,
    caller,
    request,
    message: {
      ...named(address),
      secretID: secret.id,
      secretVersion: String(place.version),
      fileID: file.id,
    },
  });
  return { file, content: openStream(dataKey, readChunks(ctx.db, file.id), fileAddress(secret.id, file.id)) };
}

/** A version that is not there is the same as one that was deleted: no content. */
async function findVersion(
  ctx: VaultContext,
  caller: Caller,
  request: RequestInfo,
  address: SecretAddress,
  number: number | undefined,
): Promise<SealedSecret> {
  if (number === undefined) {
    return requireKnown(ctx, caller, request, address, await ctx.secrets.findSealed(address));
  }
  const secret = await findKnown(ctx, caller, request, address);
  const found = await findSealedVersion(ctx.db, secret.id, number);
  if (found === undefined) return refuse(ctx, caller, request, address, secretNotFound());
  return { secret, ...found };
}
