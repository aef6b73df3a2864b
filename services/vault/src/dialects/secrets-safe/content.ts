import { fileIdsIn, type FileDescription } from '../../domain/file.ts';
import type { Secret, SecretData } from '../../domain/secret.ts';

/** The three kinds of the dialect are built-in schemas; what follows another one, or none, shows as a credential. */
export type SecretType = 'Credential' | 'Text' | 'File';

export function typeOf({ schema }: Pick<Secret, 'schema'>): SecretType {
  if (schema === 'text') return 'Text';
  return schema === 'file' ? 'File' : 'Credential';
}

/** The fields of the built-in schema first, then those of schemas that other dialects know. */
const USER = ['user', 'username'];
const PASSWORD = ['pass', 'password'];
const NOTES = ['comment', 'notes'];

const nameIn = (data: SecretData, names: readonly string[]): string | undefined =>
  names.find(name => Object.hasOwn(data, name));

/** A field's value; what is no text, as JSON. */
function textIn(data: SecretData, names: readonly string[]): string {
  const name = nameIn(data, names);
  const value = name === undefined ? undefined : data[name];
  if (value === undefined || value === null) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

export const userOf = (data: SecretData): string => textIn(data, USER);
export const notesOf = (data: SecretData): string => textIn(data, NOTES);
export const descriptionOf = (data: SecretData): string => textIn(data, ['description']);

/** The one value that clients read of whatever is no file. */
export function valueOf(type: SecretType, data: SecretData): string {
  if (type === 'File') return '';
  if (type === 'Text') return textIn(data, ['text']);
  // Without a field of the two, an empty password would be mistaken for the secret.
  const isCredential = nameIn(data, [...USER, ...PASSWORD]) !== undefined;
  return isCredential || Object.keys(data).length === 0 ? textIn(data, PASSWORD) : JSON.stringify(data);
}

/** The file of a file secret. */
export const FILE_FIELD = 'file';

export const fileOf = (data: SecretData): FileDescription | undefined =>
  fileIdsIn(data).has(FILE_FIELD) ? (data[FILE_FIELD] as { file: FileDescription }).file : undefined;

export const urlsOf = ({ urls }: SecretData): string[] =>
  Array.isArray(urls) ? urls.filter(url => typeof url === 'string') : [];
