import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import type { BegunUpload } from './files.ts';
import type { CallOptions } from './support.ts';

/** A part of a form: the lines of its head, and its content. */
export type Part = readonly [head: string, content: Buffer | string];

export const BOUNDARY = 'a-boundary-of-ours';

export const metadataPart = (metadata: unknown): Part => [
  'Content-Disposition: form-data; name="secretmetadata"',
  typeof metadata === 'string' ? metadata : JSON.stringify(metadata),
];

export const filePart = (content: Buffer | string, name = 'a.bin'): Part => [
  `Content-Disposition: form-data; name="file"; filename="${name}"\r\nContent-Type: application/octet-stream`,
  content,
];

/** The bytes of a form, with its end unless told otherwise. */
export const formBytes = (parts: readonly Part[], end = `--${BOUNDARY}--\r\n`): Buffer =>
  Buffer.concat([
    ...parts.flatMap(([head, content]) => [
      Buffer.from(`--${BOUNDARY}\r\n${head}\r\n\r\n`),
      Buffer.from(content),
      Buffer.from('\r\n'),
    ]),
    Buffer.from(end),
  ]);

export const FORM_TYPE = { 'content-type': `multipart/form-data; boundary=${BOUNDARY}` };

/** A form as the options of a call. */
export const form = (...parts: readonly Part[]): CallOptions & { headers: Record<string, string> } => ({
  body: formBytes(parts),
  headers: FORM_TYPE,
});

/** Begins a form whose bytes come by hand. */
export function beginForm(method: string, url: string, as: string): BegunUpload {
  const request = httpRequest(url, { method, headers: { authorization: as, ...FORM_TYPE }, agent: false });
  request.on('error', () => undefined);
  const status = (once(request, 'response') as Promise<[IncomingMessage]>).then(([response]) => {
    response.resume();
    return response.statusCode ?? 0;
  });
  // Whoever breaks off himself does not ask for it.
  status.catch(() => undefined);
  request.flushHeaders();
  return { request, status };
}
