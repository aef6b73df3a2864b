import type { VaultContext } from '../context.ts';
import { noSuchFile } from '../domain/errors.ts';
import { fileIdsIn, withFile, type FileDescription } from '../domain/file.ts';
import { openDescription, openFileKey } from '../domain/sealed-file.ts';
import type { SecretData } from '../domain/secret.ts';
import { findFiles } from '../store/files.ts';

/** Content to be written, and the secret's files that it names. */
export interface KeptContent {
  readonly data: SecretData;
  readonly fileIds: readonly string[];
}

/**
 * Content as a client states it: whatever names a file must name one of this secret, which then is described as it is,
 * not as the client says.
 */
export async function keepFiles(
  ctx: Pick<VaultContext, 'db' | 'keyring'>,
  secretId: string,
  data: SecretData,
): Promise<KeptContent> {
  const stated = fileIdsIn(data);
  const files = await describeFiles(ctx, secretId, [...stated.values()]);
  let kept = data;
  for (const [field, id] of stated) {
    const file = files.get(id.toLowerCase());
    if (file === undefined) throw noSuchFile();
    kept = withFile(kept, field, file);
  }
  return { data: kept, fileIds: [...files.keys()] };
}

/** Those of `ids` that are files of this secret, by id. */
export async function describeFiles(
  { db, keyring }: Pick<VaultContext, 'db' | 'keyring'>,
  secretId: string,
  ids: readonly string[],
): Promise<ReadonlyMap<string, FileDescription>> {
  const files = await findFiles(db, secretId, ids);
  const described = await Promise.all(
    files.map(async file => {
      const dataKey = await openFileKey(keyring, secretId, file);
      return [file.id, openDescription(dataKey, secretId, file)] as const;
    }),
  );
  return new Map(described);
}
