/**
 * What a container runs to see whether its service can work: asks for a page and ends with 0 if the answer is 200.
 * `node health-check.js URL [CA file]`. The images hold neither a shell nor curl.
 */
import { readFileSync } from 'node:fs';
import { get as getPlain } from 'node:http';
import { get as getOverTls } from 'node:https';

const DEADLINE_MS = 4_000;

const [url = '', caFile] = process.argv.slice(2);
const signal = AbortSignal.timeout(DEADLINE_MS);
const request = url.startsWith('https:')
  ? getOverTls(url, { signal, ...(caFile === undefined ? {} : { ca: readFileSync(caFile) }) })
  : getPlain(url, { signal });
request.on('response', response => process.exit(response.statusCode === 200 ? 0 : 1));
request.on('error', () => process.exit(1));
