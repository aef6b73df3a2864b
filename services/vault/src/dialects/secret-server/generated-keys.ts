import { Readable } from 'node:stream';
import type { Caller, RequestInfo } from '@strongroom/contracts/caller';
import { invalidField } from '@strongroom/errors/common-errors';
import { Members, OrNull, Type, type Static } from '@strongroom/schema/types';
import type { VaultContext } from '../../context.ts';
import { NOTHING_EXPECTED } from '../../domain/expectation.ts';
import { parseFileName } from '../../domain/file.ts';
import type { Folder } from '../../domain/folder.ts';
import { keyFieldsOf } from '../../domain/key-fields.ts';
import type { Schema } from '../../domain/schema.ts';
import { holdsOne, mayManage, type SecretAddress, type SecretData } from '../../domain/secret.ts';
import { makeKeyFields, type GeneratedFields } from '../../operations/make-key-fields.ts';
import { requireMayCreate } from '../../operations/may-create.ts';
import { FORGET } from '../../operations/once.ts';
import { storeFile, withUpload } from '../../operations/store-file.ts';
import { fieldIdOf } from './fields.ts';
import type { StatedItem } from './items.ts';

/** What is to be generated for a new secret (contract 5.3). */
export const SshKeyArgs = Members({
  generatePassphrase: OrNull(Type.Boolean()),
  generateSshKeys: OrNull(Type.Boolean()),
});

const NOTHING: GeneratedFields = { text: {}, files: [] };

/** Made before the secret is, and only for those who may make it. */
export async function generateKeys(
  ctx: VaultContext,
  caller: Caller,
  request: RequestInfo,
  args: Static<typeof SshKeyArgs> | null | undefined,
  place: { readonly name: string; readonly folder: Folder; readonly schema: Schema },
  data: SecretData,
): Promise<GeneratedFields> {
  const wanted = { keys: args?.generateSshKeys === true, passphrase: args?.generatePassphrase === true };
  if (!wanted.keys && !wanted.passphrase) return NOTHING;
  await requireMayCreate(ctx, caller, request, { ownerId: undefined, name: place.name });
  if (!mayManage(caller) && !holdsOne(caller, place.folder.effectiveWriteRoles)) {
    throw invalidField('folderId', 'Generated keys need a folder that one of your roles may write');
  }
  const { passphrase } = keyFieldsOf(place.schema);
  if (wanted.keys && passphrase !== undefined && (data[passphrase.name] ?? '') !== '') {
    throw invalidField('items', 'The passphrase of a generated key is generated, too, or there is none');
  }
  return makeKeyFields(place.schema, wanted, '');
}

/** Each under the name that its item states, else under the title of its field. */
export async function storeGeneratedFiles(
  ctx: VaultContext,
  caller: Caller,
  request: RequestInfo,
  address: SecretAddress,
  schema: Schema,
  { files }: GeneratedFields,
  items: readonly StatedItem[],
): Promise<void> {
  for (const { field, content } of files) {
    const id = fieldIdOf(schema.number, field.number);
    const item = items.find(({ fieldId, slug }) => fieldId === id || slug === field.name);
    const stated = {
      name: parseFileName(
        item?.filename === undefined || item.filename === null || item.filename === ''
          ? field.title
          : item.filename,
      ),
      mediaType: 'application/octet-stream',
      content: Readable.from([content]),
    };
    await withUpload(ctx, caller, request, address, stated, upload =>
      storeFile(ctx, caller, request, address, upload, field.name, NOTHING_EXPECTED, FORGET),
    );
  }
}
