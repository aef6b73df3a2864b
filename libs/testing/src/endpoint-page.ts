import { readFile } from 'node:fs/promises';

/** What a page of endpoints (docs/privx-*.md) and the routes of a service say differently; all empty: they agree. */
export interface PageFaults {
  servedButNotNamed: string[];
  namedButNotServed: string[];
  namedTwice: string[];
  /** Rows of what is not served that do not say why. */
  withoutReason: string[];
}

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

/** Compares the page with the `paths` of the service's OpenAPI document. */
export async function compareEndpoints(
  page: string,
  paths: Record<string, Record<string, unknown>>,
): Promise<PageFaults & { routes: number }> {
  const rows = readRows(await readFile(page, 'utf8'));
  const routed = new Set(
    Object.entries(paths).flatMap(([url, methods]) =>
      Object.keys(methods).map(method => operationOf(method, url)),
    ),
  );
  const named = rows.map(row => row.operation);
  const served = new Set(rows.filter(row => row.served !== 'no').map(row => row.operation));
  return {
    routes: routed.size,
    servedButNotNamed: [...routed].filter(operation => !served.has(operation)),
    namedButNotServed: [...served].filter(operation => !routed.has(operation)),
    namedTwice: named.filter((operation, index) => named.indexOf(operation) !== index),
    withoutReason: rows.filter(row => row.served === 'no' && row.remark === '').map(row => row.operation),
  };
}
