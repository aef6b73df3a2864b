import { readFile } from 'node:fs/promises';
import path from 'node:path';

/** docs/privx-endpoints.md, for the tests that compare it with what services serve. */
const PAGE = path.join(import.meta.dirname, '../../../docs/privx-endpoints.md');

export interface EndpointRow {
  /** `GET /path/{}`. */
  readonly operation: string;
  readonly served: string;
  readonly remark: string;
}

/** Page and document need not agree on what the parts of a path are called. */
const operationOf = (method: string, url: string) =>
  `${method.toUpperCase()} ${url.replace(/\{[^}]*\}/g, '{}')}`;

/**
 * The rows of the page whose paths begin with one of these. Throws on a line of a table that is none of ours, so that
 * no row is passed over by a slip.
 */
export async function readEndpointRows(...prefixes: string[]): Promise<EndpointRow[]> {
  return (await readFile(PAGE, 'utf8'))
    .split('\n')
    .filter(line => line.startsWith('|') && !/^\|( endpoint |[ -]+\|)/.test(line))
    .map(line => {
      const [, method, url, served, remark] =
        /^\| `(GET|POST|PUT|DELETE) (\/\S*)` +\| (yes|own|no) +\| (.*?) *\|$/.exec(line) ?? [];
      if (!method || !url || !served || remark === undefined) throw new Error(`not a row: ${line}`);
      return { operation: operationOf(method, url), served, remark };
    })
    .filter(({ operation }) => prefixes.some(prefix => operation.split(' ')[1]?.startsWith(prefix)));
}

/** What an OpenAPI document says is served, written as the rows are. */
export const documentedOperations = (document: Record<string, unknown>): string[] =>
  Object.entries(document['paths'] as Record<string, Record<string, unknown>>).flatMap(([url, methods]) =>
    Object.keys(methods).map(method => operationOf(method, url)),
  );
