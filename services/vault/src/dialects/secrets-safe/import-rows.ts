import { CsvError, parse } from 'csv-parse/sync';
import { badRequest, invalidField } from '@strongroom/errors/common-errors';

/** A row of an import under its columns. */
export interface ImportRow {
  /** The line on which it ends; the header is on the first. */
  readonly lineNumber: number;
  /** Undefined: the row has another number of fields than the header. */
  readonly fields: ReadonlyMap<string, string> | undefined;
}

export const MAX_ROWS = 1_000;

const REQUIRED = ['url', 'username', 'password', 'name'];

/**
 * The rows of a CSV file (RFC 4180), whose columns are named by its first line in any case and order. Nothing of the file
 * is told in what is thrown: all of it may be secret.
 */
export function parseRows(text: string): ImportRow[] {
  const [header, ...rows] = read(text);
  const columns = (header?.record ?? []).map(name => name.trim().toLowerCase());
  const missing = REQUIRED.filter(name => !columns.includes(name));
  if (missing.length > 0) throw badRequest(`Columns of the file are missing: ${missing.join(', ')}`);
  if (new Set(columns).size < columns.length) throw badRequest('A column of the file is there twice');
  if (rows.length > MAX_ROWS) throw badRequest(`A file must have at most ${MAX_ROWS} rows`);
  return rows.map(({ record, info }) => ({
    lineNumber: info.lines,
    fields:
      record.length === columns.length
        ? new Map(columns.map((name, place) => [name, record[place] ?? '']))
        : undefined,
  }));
}

interface Line {
  readonly record: readonly string[];
  readonly info: { readonly lines: number };
}

function read(text: string): Line[] {
  try {
    return parse(text, {
      info: true,
      bom: true,
      // All of them, whichever is first: a file may have been put together.
      recordDelimiter: ['\r\n', '\n', '\r'],
      skipEmptyLines: true,
      relaxColumnCount: true,
      // The header, and one more than there may be.
      to: MAX_ROWS + 2,
    }) as unknown as Line[];
  } catch (error) {
    if (error instanceof CsvError) throw badRequest('The file is not CSV, or not up to its end');
    throw error;
  }
}

/** What a row asks for, in the words of the routes that make one secret. */
export type Wanted =
  | { readonly type: 'Credential'; readonly body: Record<string, unknown> }
  | { readonly type: 'Text'; readonly body: Record<string, unknown> };

/** A row without a type is a credential when it has a user, and a text when it has none. */
export function wantedOf({ fields }: ImportRow): Wanted {
  if (fields === undefined) throw badRequest('The row has another number of fields than the first line');
  const of = (name: string): string => fields.get(name) ?? '';
  const url = of('url').trim();
  const common = {
    Title: of('name'),
    Description: of('description'),
    Notes: of('notes'),
    Urls: url === '' ? [] : [{ Url: url }],
  };
  const hasUser = of('username').trim() !== '';
  switch (of('type').trim().toLowerCase() || (hasUser ? 'credential' : 'text')) {
    case 'credential':
      if (!hasUser) throw invalidField('username', 'A credential needs a username', 'REQUIRED_VALUE_MISSING');
      return {
        type: 'Credential',
        body: { ...common, Username: of('username'), Password: of('password') },
      };
    case 'text':
      if (hasUser) throw invalidField('username', 'A text has no username');
      return { type: 'Text', body: { ...common, Text: of('password') } };
    default:
      throw invalidField('type', 'The type is neither credential nor text');
  }
}
