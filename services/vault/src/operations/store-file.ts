import { AUDIT_EVENTS } from '@strongroom/contracts/audit';
import type { Caller, RequestInfo } from '@strongroom/contracts/caller';
import type { VaultContext } from '../context.ts';
import { secretNotFound, writeRoleRequired } from '../domain/errors.ts';
import type { Expectation } from '../domain/expectation.ts';
import { withFile } from '../domain/file.ts';
import { mayWrite, type Secret, type SecretAddress } from '../domain/secret.ts';
import { findKnown, parseAddress, refuse } from './find-secret.ts';
import type { Remember } from './once.ts';
import { rewriteContent, type FileChange } from './rewrite-content.ts';
import { discardUpload, ended, uploadFile, type StatedFile, type Upload } from './upload-file.ts';

/** Stores a file into a secret and does `work` with it. What no version has after that is removed, whatever the reason. */
export async function withUpload<T>(
  ctx: VaultContext,
  caller: Caller,
  request: RequestInfo,
  rawAddress: SecretAddress,
  stated: StatedFile,
  work: (upload: Upload) => Promise<T>,
): Promise<T> {
  const address = parseAddress(rawAddress);
  const { id: secretId } = await requireWritable(ctx, caller, request, address);
  const upload = await uploadFile(ctx, caller, { secretId, isNew: false }, stated);
  if (upload === undefined) return refuse(ctx, caller, request, address, secretNotFound());
  try {
    return await work(upload);
  } finally {
    await discardUpload(ctx, upload);
  }
}

/** The secret, if the caller may write into it: asked before the first byte is stored. */
export async function requireWritable(
  ctx: VaultContext,
  caller: Caller,
  request: RequestInfo,
  address: SecretAddress,
): Promise<Secret> {
  const secret = await findKnown(ctx, caller, request, address);
  return mayWrite(caller, secret) ? secret : refuse(ctx, caller, request, address, writeRoleRequired());
}

/** Writes the version that has the uploaded file under `field`. Returns what the secret is now. */
export function storeFile(
  ctx: VaultContext,
  caller: Caller,
  request: RequestInfo,
  rawAddress: SecretAddress,
  upload: Upload,
  field: string,
  expected: Expectation,
  remember: Remember<Secret>,
): Promise<Secret> {
  const change: FileChange = {
    address: parseAddress(rawAddress),
    expected,
    rewrite: data => withFile(data, field, upload.file),
    upload: ended(upload),
    act: { type: AUDIT_EVENTS.fileStored, message: storedMessage(upload) },
  };
  return rewriteContent(ctx, caller, request, change, remember);
}

/** What the record tells of a file that a version got. */
export const storedMessage = ({ file }: Upload): Record<string, string> => ({
  fileID: file.id,
  size: String(file.size),
});
