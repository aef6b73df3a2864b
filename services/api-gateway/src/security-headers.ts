import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import helmet from 'helmet';

/** An answer of an API is data: a browser that is led to show it must run and load nothing. */
const API_POLICY = {
  'default-src': ["'none'"],
  'base-uri': ["'none'"],
  'form-action': ["'none'"],
  'frame-ancestors': ["'none'"],
};

/** Swagger UI needs its own files and data: images, and calls the API from which it came. Nothing inline. */
const DOCS_POLICY = {
  ...API_POLICY,
  'script-src': ["'self'"],
  'style-src': ["'self'"],
  'img-src': ["'self'", 'data:'],
  'connect-src': ["'self'"],
};

/**
 * Header lists (name, value, name, value …) as helmet sets them, made once: as middleware helmet would
 * compute the same text anew for each request.
 */
export const SECURITY_HEADERS: readonly string[] = headersWith(API_POLICY);
export const DOCS_SECURITY_HEADERS: readonly string[] = headersWith(DOCS_POLICY);

function headersWith(directives: Readonly<Record<string, readonly string[]>>): readonly string[] {
  const request = new IncomingMessage(new Socket());
  const response = new ServerResponse(request);
  const middleware = helmet({
    contentSecurityPolicy: { useDefaults: false, directives },
    xFrameOptions: { action: 'deny' },
  });
  middleware(request, response, () => undefined);
  return Object.entries(response.getHeaders()).flatMap(([name, value]) => [
    name.toLowerCase(),
    String(value),
  ]);
}
