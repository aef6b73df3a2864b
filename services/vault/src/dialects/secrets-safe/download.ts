import { attachment } from '@strongroom/http/attachment';
import { AUTHENTICATED, route, type Route } from '@strongroom/http/route';
import { Members } from '@strongroom/schema/types';
import type { VaultContext } from '../../context.ts';
import { locateSecret } from '../../operations/locate-secret.ts';
import { readFile } from '../../operations/read-file.ts';
import { at, ById, secretsSafe, Versioned } from './api.ts';
import { FILE_FIELD } from './content.ts';

/** Contract 4, row 11: byte for byte. */
export const downloadRoutes = (ctx: VaultContext): Route[] => [
  route({
    ...secretsSafe,
    method: 'get',
    path: at('/secrets/:id/file/download'),
    operationId: 'secretsSafeDownload',
    summary: 'The content of a file secret; an answer that breaks off is not whole',
    access: AUTHENTICATED,
    params: ById,
    query: Members(Versioned),
    produces: 'application/octet-stream',
    async handle({ params, caller, request }) {
      const address = await locateSecret(ctx, caller, request, params);
      const { file, content } = await readFile(ctx, caller, request, address, FILE_FIELD, undefined);
      return {
        stream: { type: 'application/octet-stream', pieces: content },
        headers: {
          'content-length': String(file.size),
          'content-disposition': attachment(file.name),
        },
      };
    },
  }),
];
