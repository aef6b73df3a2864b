import type { Caller, RequestInfo } from '@strongroom/contracts/caller';
import { AppError } from '@strongroom/errors/app-error';
import { badRequest } from '@strongroom/errors/common-errors';
import { ByteStream, type BodyStream } from '@strongroom/http/body-stream';
import { textOf } from '@strongroom/http/byte-pieces';
import { boundaryOf, formParts } from '@strongroom/http/multipart';
import { AUTHENTICATED, ok, route, type Route } from '@strongroom/http/route';
import { bodyParser } from '@strongroom/schema/parser';
import { Members, Type } from '@strongroom/schema/types';
import type { VaultContext } from '../../context.ts';
import type { SecretData } from '../../domain/secret.ts';
import { createSecret } from '../../operations/create-secret.ts';
import { locateFolder } from '../../operations/locate-folder.ts';
import { requireMayAddIn } from '../../operations/may-create.ts';
import { FORGET } from '../../operations/once.ts';
import { at, ById, secretsSafe, Versioned } from './api.ts';
import { newSecret, placeIn } from './create-secret.ts';
import { isFile } from './file-form.ts';
import { MAX_ROWS, parseRows, wantedOf, type ImportRow } from './import-rows.ts';
import { commonData, NewCredential, NewText, passwordOf } from './secret-input.ts';

const MAX_IMPORT_BYTES = 2 ** 21;

const ImportView = Members({
  totalNumber: Type.Integer(),
  errors: Type.Array(Members({ lineNumber: Type.Integer(), error: Type.String() })),
  successfulImport: Type.Integer(),
});

/** Contract 5: secrets from a CSV file, each by itself. */
export const importSecretsRoutes = (ctx: VaultContext): Route[] => [
  route({
    ...secretsSafe,
    method: 'post',
    path: at('/folders/:id/upload'),
    operationId: 'secretsSafeImport',
    summary: `Make credentials and texts in a folder from a CSV file of up to ${MAX_ROWS} rows`,
    access: AUTHENTICATED,
    status: 201,
    params: ById,
    query: Members(Versioned),
    bodyType: 'stream',
    body: ByteStream(MAX_IMPORT_BYTES),
    consumes: { 'multipart/form-data': Members({ 'form-data': Type.String({ format: 'binary' }) }) },
    response: ImportView,
    async handle({ params, body, caller, request }) {
      const folder = await locateFolder(ctx, caller, request, params);
      await requireMayAddIn(ctx, caller, request, folder);
      const rows = parseRows(await fileIn(body));
      const errors: { lineNumber: number; error: string }[] = [];
      for (const row of rows) {
        const error = await faultOf(() => importRow(ctx, caller, request, folder.id, row));
        if (error !== undefined) errors.push({ lineNumber: row.lineNumber, error });
      }
      return ok({ totalNumber: rows.length, errors, successfulImport: rows.length - errors.length });
    },
  }),
];

/** The one file of a form. All of the form must have come before anything is made of it. */
async function fileIn({ mediaType, bytes }: BodyStream): Promise<string> {
  const boundary = boundaryOf(mediaType);
  let text: string | undefined;
  if (boundary !== undefined) {
    for await (const part of formParts(boundary, bytes)) {
      if (!isFile(part)) continue;
      if (text !== undefined) throw badRequest('The form has more than one file');
      text = await textOf(part.content);
    }
  }
  if (text === undefined) throw badRequest('An expected part of the form is missing: form-data (False)');
  return text;
}

const parseCredential = bodyParser(NewCredential);
const parseText = bodyParser(NewText);

async function importRow(
  ctx: VaultContext,
  caller: Caller,
  request: RequestInfo,
  folderId: string,
  row: ImportRow,
): Promise<void> {
  const make = async (schema: string, stated: Parameters<typeof placeIn>[4], data: SecretData) => {
    const place = await placeIn(ctx, caller, request, folderId, stated);
    await createSecret(ctx, caller, request, newSecret(place, schema, data), FORGET);
  };
  const { type, body } = wantedOf(row);
  if (type === 'Credential') {
    const stated = parseCredential(body);
    const pass = await passwordOf(stated);
    return make('credentials', stated, { user: stated.Username, pass, ...commonData(stated) });
  }
  const stated = parseText(body);
  return make('text', stated, { text: stated.Text, ...commonData(stated) });
}

/** What is wrong with a row does not end the import; what would be wrong with all of them does. */
async function faultOf(act: () => Promise<void>): Promise<string | undefined> {
  try {
    await act();
    return undefined;
  } catch (error) {
    if (error instanceof AppError && ['invalid', 'conflict', 'too_large'].includes(error.kind)) {
      return error.message;
    }
    throw error;
  }
}
