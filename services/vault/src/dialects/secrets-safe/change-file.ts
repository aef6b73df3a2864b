import type { Caller, RequestInfo } from '@strongroom/contracts/caller';
import { MAX_FILE_FORM_BYTES } from '@strongroom/contracts/limits';
import { invalidField } from '@strongroom/errors/common-errors';
import { ByteStream } from '@strongroom/http/body-stream';
import { boundaryOf } from '@strongroom/http/multipart';
import { AUTHENTICATED, ok, route, type Route } from '@strongroom/http/route';
import { Members, type Static } from '@strongroom/schema/types';
import type { VaultContext } from '../../context.ts';
import { withFile } from '../../domain/file.ts';
import { folderPathOf, nameIn } from '../../domain/folder.ts';
import { mayRead, type Secret, type SecretAddress, type SecretData } from '../../domain/secret.ts';
import { editSecret } from '../../operations/edit-secret.ts';
import { locateSecret } from '../../operations/locate-secret.ts';
import { requireWritable } from '../../operations/store-file.ts';
import type { Upload } from '../../operations/upload-file.ts';
import { at, ById, secretsSafe, Versioned } from './api.ts';
import { targetOf } from './change-secret.ts';
import { FILE_FIELD, fileOf, typeOf, withStated } from './content.ts';
import { fileForm, metadataReader, withForm } from './file-form.ts';
import { requireOwners } from './owner-input.ts';
import { ofAnotherKind } from './read-secret.ts';
import { ChangedFile, commonData } from './secret-input.ts';

const readMetadata = metadataReader(ChangedFile);

/** Replacing a file secret (contract 4, row 6; 4.3): as a form with the file, or as JSON what is said of it alone. */
export const changeFileRoutes = (ctx: VaultContext): Route[] => [
  route({
    ...secretsSafe,
    method: 'put',
    path: at('/secrets/:id/file'),
    operationId: 'secretsSafePutFile',
    summary: 'Replace what a file secret has; as JSON, all but the file itself',
    access: AUTHENTICATED,
    status: 204,
    params: ById,
    query: Members(Versioned),
    bodyType: 'stream',
    body: ByteStream(MAX_FILE_FORM_BYTES),
    consumes: { ...fileForm(ChangedFile), 'application/json': ChangedFile },
    async handle({ params, body, caller, request }) {
      const address = await locateSecret(ctx, caller, request, params);
      const secret = await requireWritable(ctx, caller, request, address);
      if (typeOf(secret) !== 'File') throw ofAnotherKind();
      if (boundaryOf(body.mediaType) === undefined) {
        await change(ctx, caller, request, address, await readMetadata(body.bytes), undefined);
        return ok();
      }
      const target = { secretId: secret.id, isNew: false };
      await withForm(ctx, caller, target, body, readMetadata, (metadata, upload) =>
        change(ctx, caller, request, address, metadata, upload),
      );
      return ok();
    },
  }),
];

async function change(
  ctx: VaultContext,
  caller: Caller,
  request: RequestInfo,
  address: SecretAddress,
  stated: Static<typeof ChangedFile>,
  upload: Upload | undefined,
): Promise<void> {
  const folder = await targetOf(ctx, caller, request, stated);
  const names = await ctx.roles.names();
  await editSecret(ctx, caller, request, address, {
    rewrite(before, secret, schema) {
      if (typeOf(secret) !== 'File') throw ofAnotherKind();
      requireOwners(stated, secret, names);
      const fields = (schema?.properties ?? []).map(({ name }) => name);
      const data = withStated(before, 'File', commonData(stated), fields);
      if (upload !== undefined) return withFile(data, FILE_FIELD, upload.file);
      requireSameFile(caller, secret, before, stated.FileName ?? '');
      return data;
    },
    rename: ({ name }) => nameIn(folder === undefined ? folderPathOf(name) : folder.path, stated.Title),
    upload,
    shown: false,
    told: {},
  });
}

/** What a file is called is sealed with it. Who may not read is not told whether he guessed it. */
function requireSameFile(caller: Caller, secret: Secret, data: SecretData, stated: string): void {
  if (stated === '' || !mayRead(caller, secret)) return;
  if (fileOf(data)?.name !== stated.normalize('NFC')) {
    throw invalidField('FileName', 'A file gets another name only together with its content');
  }
}
