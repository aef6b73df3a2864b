import { createHash } from 'node:crypto';
import type { Caller } from '@strongroom/contracts/caller';
import { createDataKey, sealStream } from '@strongroom/crypto/sealed-stream';
import type { SecretBytes } from '@strongroom/crypto/secret-bytes';
import type { VaultContext } from '../context.ts';
import { emptyFile, uploadLost } from '../domain/errors.ts';
import { fileAddress, type FileDescription } from '../domain/file.ts';
import { sealDescription } from '../domain/sealed-file.ts';
import { insertChunk, insertFile, insertFirstFile, removeUpload, type NewFile } from '../store/files.ts';

/** A file whose content is stored, and that no version has yet. */
export interface Upload {
  readonly secretId: string;
  readonly file: FileDescription;
  readonly dataKey: SecretBytes;
}

export interface StatedFile {
  readonly name: string;
  readonly mediaType: string;
  readonly content: AsyncIterable<Uint8Array>;
}

/** Where a file is to be: in a secret that is there, or in one that will be made with it under this id. */
export interface UploadTarget {
  readonly secretId: string;
  readonly isNew: boolean;
}

/** What the transaction needs that gives an upload to a version. */
export interface EndedUpload {
  readonly fileId: string;
  readonly secretId: string;
  readonly description: Buffer;
}

export const ended = ({ secretId, file, dataKey }: Upload): EndedUpload => ({
  fileId: file.id,
  secretId,
  description: sealDescription(dataKey, secretId, file),
});

/**
 * Stores a file's content while it arrives, each chunk by itself, so that a slow client holds no transaction. Nothing is
 * left of one that fails; whoever gets one discards it in the end. Undefined: the secret is gone.
 */
export async function uploadFile(
  ctx: VaultContext,
  caller: Caller,
  target: UploadTarget,
  stated: StatedFile,
): Promise<Upload | undefined> {
  const { secretId } = target;
  const id = ctx.newId();
  const { number, dataKey } = await ctx.keyring.sealing(() => begin(ctx, caller, target, id));
  if (number === undefined) return undefined;
  try {
    const { size, sha256 } = await storeContent(ctx, secretId, id, dataKey, stated.content);
    if (size === 0) throw emptyFile();
    const file = { id, number, name: stated.name, media_type: stated.mediaType, size, sha256 };
    return { secretId, file, dataKey };
  } catch (error) {
    await remove(ctx, id);
    throw error;
  }
}

/** Removes an upload, unless some version has it. */
export const discardUpload = (ctx: VaultContext, { file }: Upload): Promise<void> => remove(ctx, file.id);

const remove = ({ db, log }: Pick<VaultContext, 'db' | 'log'>, id: string): Promise<void> =>
  removeUpload(db, id).catch((error: unknown) =>
    log.error('an upload could not be removed; housekeeping will', error),
  );

async function begin(
  ctx: Pick<VaultContext, 'db' | 'keyring' | 'now'>,
  caller: Caller,
  { secretId, isNew }: UploadTarget,
  id: string,
): Promise<{ number: number | undefined; dataKey: SecretBytes }> {
  const { wrapped: key, dataKey } = createDataKey(ctx.keyring, fileAddress(secretId, id));
  const file: NewFile = { id, secretId, key, createdAt: ctx.now(), createdBy: caller.id };
  return { number: await (isNew ? insertFirstFile : insertFile)(ctx.db, file), dataKey };
}

async function storeContent(
  ctx: Pick<VaultContext, 'db'>,
  secretId: string,
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
  for await (const chunk of sealStream(dataKey, measured(), fileAddress(secretId, fileId))) {
    if (!(await insertChunk(ctx.db, fileId, position, chunk))) throw uploadLost();
    position += 1;
  }
  return { size, sha256: hash.digest('hex') };
}
