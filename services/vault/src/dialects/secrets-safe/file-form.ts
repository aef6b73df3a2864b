import type { Caller } from '@strongroom/contracts/caller';
import { MAX_FILE_BYTES, MAX_FILE_METADATA_BYTES } from '@strongroom/contracts/limits';
import { badRequest, invalidField } from '@strongroom/errors/common-errors';
import type { BodyStream } from '@strongroom/http/body-stream';
import { atMost, textOf } from '@strongroom/http/byte-pieces';
import { lenient } from '@strongroom/http/lenient';
import { boundaryOf, formParts, type FormPart } from '@strongroom/http/multipart';
import { parseJson } from '@strongroom/http/request-body';
import { bodyParser } from '@strongroom/schema/parser';
import { Members, Type, type Static, type TSchema } from '@strongroom/schema/types';
import type { VaultContext } from '../../context.ts';
import { uploadLost } from '../../domain/errors.ts';
import { parseFileName, parseMediaType } from '../../domain/file.ts';
import { discardUpload, uploadFile, type Upload, type UploadTarget } from '../../operations/upload-file.ts';
import { withoutText } from './without-text.ts';

const METADATA_PART = 'secretmetadata';
/** As the documents, the Go library, the Python library and the provider in C# call it (contract 4.2). */
const FILE_PARTS = ['form-data', 'file', 'files'];

/** Reads the metadata of a file, which is JSON. The content that some repeat in it is passed over while it arrives. */
export function metadataReader<S extends TSchema>(
  schema: S,
): (pieces: AsyncIterable<Uint8Array>) => Promise<Static<S>> {
  const parse = bodyParser(schema);
  return async pieces => {
    const kept = atMost(withoutText('FileContent', pieces), MAX_FILE_METADATA_BYTES, 'The metadata');
    return parse(lenient(schema, parseJson(await textOf(kept))));
  };
}

/**
 * Stores the file of a form while it arrives, before or after its metadata, and does `work` once the form has come as a
 * whole. What no version has after that is removed, whatever the reason.
 */
export async function withForm<M extends { readonly FileName?: string | null }, T>(
  ctx: VaultContext,
  caller: Caller,
  target: UploadTarget,
  body: BodyStream,
  read: (pieces: AsyncIterable<Uint8Array>) => Promise<M>,
  work: (metadata: M, upload: Upload) => Promise<T>,
): Promise<T> {
  const boundary = boundaryOf(body.mediaType);
  if (boundary === undefined) throw missing(false, false);
  let metadata: M | undefined;
  let upload: Upload | undefined;
  try {
    for await (const part of formParts(boundary, body.bytes)) {
      if (part.name.toLowerCase() === METADATA_PART) {
        if (metadata !== undefined) throw badRequest('The form has its metadata twice');
        metadata = await read(part.content);
      } else if (isFile(part)) {
        if (upload !== undefined) throw badRequest('The form has more than one file');
        upload = await store(ctx, caller, target, part);
      }
    }
    if (metadata === undefined || upload === undefined) {
      throw missing(upload !== undefined, metadata !== undefined);
    }
    const name = fileNameOf(metadata.FileName ?? '', upload.file.name);
    return await work(metadata, { ...upload, file: { ...upload.file, name } });
  } finally {
    if (upload !== undefined) await discardUpload(ctx, upload);
  }
}

/** Whether a part is what a form brings (contract 4.2). */
export const isFile = ({ name, fileName }: FormPart): boolean =>
  fileName !== undefined || FILE_PARTS.includes(name.toLowerCase());

async function store(
  ctx: VaultContext,
  caller: Caller,
  target: UploadTarget,
  { fileName = '', mediaType, content }: FormPart,
): Promise<Upload> {
  const upload = await uploadFile(ctx, caller, target, {
    name: fileName,
    mediaType: parseMediaType(mediaType),
    content: atMost(content, MAX_FILE_BYTES, 'A file'),
  });
  if (upload === undefined) throw uploadLost();
  return upload;
}

/** The metadata's counts before the part's. */
function fileNameOf(stated: string, ofPart: string): string {
  const name = stated === '' ? ofPart : stated;
  if (name === '') throw invalidField('FileName', 'FileName is required', 'REQUIRED_VALUE_MISSING');
  return parseFileName(name);
}

/** In the words that the product's documents have for it (contract 1.4). */
const missing = (file: boolean, metadata: boolean) =>
  badRequest(
    `Expected parts of the form are missing: form-data (${told(file)}), secretmetadata (${told(metadata)})`,
  );

const told = (isThere: boolean): string => (isThere ? 'True' : 'False');

/** Such a form, for the OpenAPI document. */
export const fileForm = (metadata: TSchema): Record<string, TSchema> => ({
  'multipart/form-data': Members({
    secretmetadata: metadata,
    file: Type.String({ format: 'binary', description: 'Any part with a file name; at most 5 MiB' }),
  }),
});
