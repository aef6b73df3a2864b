import { MAX_FILE_FORM_BYTES } from '@strongroom/contracts/limits';
import { ByteStream } from '@strongroom/http/body-stream';
import { AUTHENTICATED, route, type Route } from '@strongroom/http/route';
import { Members } from '@strongroom/schema/types';
import type { VaultContext } from '../../context.ts';
import { withFile } from '../../domain/file.ts';
import { createSecret } from '../../operations/create-secret.ts';
import { locateFolder } from '../../operations/locate-folder.ts';
import { requireMayAddIn } from '../../operations/may-create.ts';
import { FORGET } from '../../operations/once.ts';
import { apiVersion, at, ById, secretsSafe, Versioned } from './api.ts';
import { FILE_FIELD } from './content.ts';
import { answer, newSecret, placeIn } from './create-secret.ts';
import { fileForm, metadataReader, withForm } from './file-form.ts';
import { commonData, NewFile } from './secret-input.ts';
import { SecretView } from './secret-view.ts';

const readMetadata = metadataReader(NewFile);

/** A file made in a folder (contract 4, row 3): the secret and its file come to be together or not at all. */
export const createFileRoutes = (ctx: VaultContext): Route[] => [
  route({
    ...secretsSafe,
    method: 'post',
    path: at('/folders/:id/secrets/file'),
    operationId: 'secretsSafeCreateFile',
    summary: 'Make a file secret in a folder',
    access: AUTHENTICATED,
    status: 201,
    params: ById,
    query: Members(Versioned),
    bodyType: 'stream',
    body: ByteStream(MAX_FILE_FORM_BYTES),
    consumes: fileForm(NewFile),
    response: SecretView,
    async handle({ params, query, body, caller, request }) {
      const folder = await locateFolder(ctx, caller, request, params);
      await requireMayAddIn(ctx, caller, request, folder);
      const target = { secretId: ctx.newId(), isNew: true };
      return withForm(ctx, caller, target, body, readMetadata, async (metadata, upload) => {
        // Where the folder is by now.
        const place = await placeIn(ctx, caller, request, folder.id, metadata);
        const data = { ...commonData(metadata) };
        const secret = { ...newSecret(place, 'file', data), file: { field: FILE_FIELD, upload } };
        const made = await createSecret(ctx, caller, request, secret, FORGET);
        return answer(caller, made, withFile(data, FILE_FIELD, upload.file), place, apiVersion(query));
      });
    },
  }),
];
