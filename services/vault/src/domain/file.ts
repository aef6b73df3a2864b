import type { ValueAddress } from '@strongroom/crypto/envelope';
import { invalidField } from '@strongroom/errors/common-errors';
import { isLine } from '@strongroom/schema/text';
import type { SecretData } from './secret.ts';

/** What is known of a file, as it stands in the content of a version: `{"file": {…}}` under the file's field. */
export interface FileDescription {
  readonly id: string;
  /** For dialects that know their objects by integers. */
  readonly number: number;
  readonly name: string;
  readonly media_type: string;
  readonly size: number;
  /** Of the content, in hexadecimal. */
  readonly sha256: string;
}

/** The one place where a file may be opened: never in another secret. Its content never changes, so it has no version. */
export const fileAddress = (secretId: string, fileId: string): ValueAddress => ({
  schema: 'vault',
  table: 'files',
  objectId: `${secretId}/${fileId}`,
  version: 1,
  field: 'content',
});

const MAX_FILE_NAME_LENGTH = 256;

/** One segment, so that whoever saves a file under its name stays in his folder. */
export function parseFileName(raw: string): string {
  const name = raw.normalize('NFC');
  const fits =
    name.length <= MAX_FILE_NAME_LENGTH && isLine(name) && name.trim() !== '' && !/[/\\]|^\.\.?$/.test(name);
  if (fits) return name;
  throw invalidField(
    'filename',
    `filename must be one line of 1 to ${MAX_FILE_NAME_LENGTH} characters without slashes, and not "." or ".."`,
    'VALUE_INCORRECT_FORMAT',
  );
}

const MAX_MEDIA_TYPE_LENGTH = 127;
const TOKEN = "[\\w!#$%&'*+.^`|~-]+";
/** RFC 9110, 8.3.1. */
const MEDIA_TYPE = new RegExp(
  `^${TOKEN}/${TOKEN}(?:[ \\t]*;[ \\t]*${TOKEN}=(?:${TOKEN}|"[\\t !#-\\[\\]-~]*"))*$`,
);

export function parseMediaType(stated: string): string {
  if (stated === '') return 'application/octet-stream';
  if (stated.length <= MAX_MEDIA_TYPE_LENGTH && MEDIA_TYPE.test(stated)) return stated;
  throw invalidField('Content-Type', 'The header is not a media type', 'VALUE_INCORRECT_FORMAT');
}

/**
 * The ids of the files that content names, by field. An object whose one member is `file`, with an `id` that is text,
 * names a file; nothing else does.
 */
export function fileIdsIn(data: SecretData): ReadonlyMap<string, string> {
  const ids = new Map<string, string>();
  for (const [field, value] of Object.entries(data)) {
    if (!isObject(value) || Object.keys(value).join() !== 'file') continue;
    const { file } = value;
    if (isObject(file) && Object.hasOwn(file, 'id') && typeof file['id'] === 'string')
      ids.set(field, file['id']);
  }
  return ids;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Content with a file under that field, in place of what was there. */
export const withFile = (data: SecretData, field: string, file: FileDescription): SecretData => ({
  ...data,
  [field]: { file },
});

export const withoutField = (data: SecretData, field: string): SecretData =>
  Object.fromEntries(Object.entries(data).filter(([name]) => name !== field));
