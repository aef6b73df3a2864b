import express, { type Request, type RequestHandler } from 'express';
import { badRequest } from '@strongroom/errors/common-errors';
import { OAuthError } from '@strongroom/errors/oauth-error';

/** Deeper nesting than any client sends; a parser or validator would recurse into it. */
const MAX_DEPTH = 64;

/** Reads the body as bytes, whatever its content type says, up to `limitBytes` (413 above). */
export const readRawBody = (limitBytes: number): RequestHandler =>
  express.raw({ type: () => true, limit: limitBytes, inflate: false });

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false });

function bodyText(request: Request): string {
  const raw: unknown = request.body;
  if (!Buffer.isBuffer(raw)) return '';
  try {
    return utf8.decode(raw);
  } catch (error) {
    throw badRequest('The request body is not UTF-8', error);
  }
}

/** An empty body reads as an empty object: clients send a JSON content type on calls without one (contract 0.6). */
export const parseJsonBody = (request: Request): unknown => parseJson(bodyText(request));

/** The same of a text. */
export function parseJson(text: string): unknown {
  if (text.trim() === '') return {};
  refuseDeepNesting(text);
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // The parser's own message quotes the text around the fault, which may be a secret.
    throw badRequest('The request body is not valid JSON');
  }
}

/** Form fields by name. RFC 6749, 3.2: a parameter must not appear twice. */
export function parseFormBody(request: Request): unknown {
  const fields = new URLSearchParams(bodyText(request));
  const result: Record<string, string> = {};
  for (const [name, value] of fields) {
    if (Object.hasOwn(result, name)) {
      throw new OAuthError('invalid_request', 'A form field appears twice');
    }
    Object.defineProperty(result, name, { value, enumerable: true, configurable: true, writable: true });
  }
  return result;
}

/** JSON where the body is an object, else a form, whatever the content type says: clients of dialects mislabel both. */
export const parseSniffedBody = (request: Request): unknown =>
  bodyText(request).trimStart().startsWith('{') ? parseJsonBody(request) : parseFormBody(request);

/** One pass over the text, before the parser sees it. Brackets inside strings do not count. */
function refuseDeepNesting(text: string): void {
  let depth = 0;
  let inString = false;
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    if (inString) {
      if (unit === 0x5c) index += 1;
      else if (unit === 0x22) inString = false;
    } else if (unit === 0x22) inString = true;
    else if (unit === 0x5b || unit === 0x7b) {
      depth += 1;
      if (depth > MAX_DEPTH) throw badRequest(`The request body is nested deeper than ${MAX_DEPTH} levels`);
    } else if (unit === 0x5d || unit === 0x7d) depth -= 1;
  }
}
