import { readFile } from 'node:fs/promises';
import path from 'node:path';

const PAGE = path.join(import.meta.dirname, '../../../docs/privx-endpoints.md');

interface Row {
  operation: string;
  served: string;
  remark: string;
}

/** Page and document need not agree on what the parts of a path are called. */
const operationOf = (method: string, url: string) =>
  `${method.toUpperCase()} ${url.replace(/\{[^}]*\}/g, '{}')}`;

/** Throws on a line of a table that is none of ours, so that no row is passed over by a slip. */
function readRows(page: string): Row[] {
  return page
    .split('\n')
    .filter(line => line.startsWith('|') && !/^\|( endpoint |[ -]+\|)/.test(line))
    .map(line => {
      const [, method, url, served, remark] =
        /^\| `(GET|POST|PUT|DELETE) (\/\S*)` +\| (yes|own|no) +\| (.*?) *\|$/.exec(line) ?? [];
      if (!method || !url || !served || remark === undefined) throw new Error(`not a row: ${line}`);
      return { operation: operationOf(method, url), served, remark };
    });
}

export interface EndpointsCompared {
  /** How many operations the document has that are looked at. */
  routed: number;
  faults: Record<
    'servedButNotNamed' | 'namedButNotServed' | 'namedTwice' | 'notServedWithoutReason',
    string[]
  >;
}

/** What docs/privx-endpoints.md says, beside an OpenAPI document; of the paths that `concerns` picks. */
export async function compareEndpoints(
  document: Record<string, unknown>,
  concerns: (path: string) => boolean,
): Promise<EndpointsCompared> {
  const picked = (operation: string) => concerns(operation.slice(operation.indexOf(' ') + 1));
  const rows = readRows(await readFile(PAGE, 'utf8')).filter(row => picked(row.operation));
  const routed = new Set(
    Object.entries(document['paths'] as Record<string, Record<string, unknown>>)
      .flatMap(([url, methods]) => Object.keys(methods).map(method => operationOf(method, url)))
      .filter(picked),
  );
  const named = rows.map(row => row.operation);
  const served = new Set(rows.filter(row => row.served !== 'no').map(row => row.operation));
  return {
    routed: routed.size,
    faults: {
      servedButNotNamed: [...routed].filter(operation => !served.has(operation)),
      namedButNotServed: [...served].filter(operation => !routed.has(operation)),
      namedTwice: named.filter((operation, index) => named.indexOf(operation) !== index),
      notServedWithoutReason: rows
        .filter(row => row.served === 'no' && row.remark === '')
        .map(row => row.operation),
    },
  };
}

export const NO_FAULTS: EndpointsCompared['faults'] = {
  servedButNotNamed: [],
  namedButNotServed: [],
  namedTwice: [],
  notServedWithoutReason: [],
};
