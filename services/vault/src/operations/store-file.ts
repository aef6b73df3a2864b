import { createHash } from 'node:crypto';
import { AUDIT_EVENTS } from '@strongroom/contracts/audit';
import type { Caller, RequestInfo } from '@strongroom/contracts/caller';
import { createDataKey, sealStream } from '@strongroom/crypto/sealed-stream';
import type { SecretBytes } from '@strongroom/crypto/secret-bytes';
import type { VaultContext } from '../context.ts';
import { emptyFile, secretNotFound, uploadLost, writeRoleRequired } from '../domain/errors.ts';
import type { Expectation } from '../domain/expectation.ts';
import { fileAddress, withFile, type FileDescription } from '../domain/file.ts';
import { sealDescription } from '../domain/sealed-file.ts';
import { mayWrite, type Secret, type SecretAddress } from '../domain/secret.ts';
import { insertChunk, insertFile, removeUpload } from '../store/files.ts';
import { findKnown, parseAddress, refuse } from './find-secret.ts';
import type { Remember } from './once.ts';
import { rewriteContent, type FileChange } from './rewrite-content.ts';

/** A file whose content is stored, and that no version has yet. */
export interface Upload {
  readonly address: SecretAddress;
  readonly secretId: string;
  readonly file: FileDescription;
  readonly dataKey: SecretBytes;
}

export interface StatedFile {
  readonly name: string;
  readonly mediaType: string;
  readonly content: AsyncIterable<Uint8Array>;
}

/**
 * Stores a file's content while it arrives, each chunk by itself, so that a slow client holds no transaction; then does
 * `work` with it. What no version has after that is removed, whatever the reason.
 */
export async function withUpload<T>(
  ctx: VaultContext,
  caller: Caller,
  request: RequestInfo,
  rawAddress: SecretAddress,
  stated: StatedFile,
  work: (upload: Upload) => Promise<T>,
): Promise<T> {
  const address = parseAddress(rawAddress);
  const secret = await findKnown(ctx, caller, request, address);
  if (!mayWrite(caller, secret)) return refuse(ctx, caller, request, address, writeRoleRequired());
  const id = ctx.newId();
  const { number, dataKey } = await ctx.keyring.sealing(() => beginUpload(ctx, caller, secret.id, id));
  if (number === undefined) return refuse(ctx, caller, request, address, secretNotFound());
  try {
    const { size, sha256 } = await storeContent(ctx, secret, id, dataKey, stated.content);
    if (size === 0) throw emptyFile();
    const file = { id, number, name: stated.name, media_type: stated.mediaType, size, sha256 };
    return await work({ address, secretId: secret.id, file, dataKey });
  } finally {
    await removeUpload(ctx.db, id).catch((error: unknown) =>
      ctx.log.error('an upload could not be removed; housekeeping will', error),
    );
  }
}

async function beginUpload(
  ctx: Pick<VaultContext, 'db' | 'keyring' | 'now'>,
  caller: Caller,
  secretId: string,
  id: string,
): Promise<{ number: number | undefined; dataKey: SecretBytes }> {
  const { wrapped: key, dataKey } = createDataKey(ctx.keyring, fileAddress(secretId, id));
  const number = await insertFile(ctx.db, { id, secretId, key, createdAt: ctx.now(), createdBy: caller.id });
  return { number, dataKey };
}

async function storeContent(
  ctx: Pick<VaultContext, 'db'>,
  secret: Pick<Secret, 'id'>,
  fileId: string,
  dataKey: SecretBytes,
  content: AsyncIterable<Uint8Array>,
): Promise<{ size: number; sha256: string }> {
  const hash = createHash('sha256');
  let size = 0;
  async function* measured(): AsyncGenerator<Uint8Array> {
    for await (const piece of content) {
      hash.update(piece);
      size += piece.length;
      yield piece;
    }
  }
  let position = 0;
  for await (const chunk of sealStream(dataKey, measured(), fileAddress(secret.id, fileId))) {
    if (!(await insertChunk(ctx.db, fileId, position, chunk))) throw uploadLost();
    position += 1;
  }
  return { size, sha256: hash.digest('hex') };
}

/** Writes the version that has the uploaded file under `field`. Returns what the secret is now. */
export function storeFile(
  ctx: VaultContext,
  caller: Caller,
  request: RequestInfo,
  { address, secretId, file, dataKey }: Upload,
  field: string,
  expected: Expectation,
  remember: Remember<Secret>,
): Promise<Secret> {
  const description = sealDescription(dataKey, secretId, file);
  const change: FileChange = {
    address,
    expected,
    rewrite: data => withFile(data, field, file),
    upload: { fileId: file.id, secretId, description },
    act: { type: AUDIT_EVENTS.fileStored, message: { fileID: file.id, size: String(file.size) } },
  };
  return rewriteContent(ctx, caller, request, change, remember);
}
