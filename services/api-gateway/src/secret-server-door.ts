import { pathOf } from './request-target.ts';

/**
 * Where clients of Secret Server come in (contracts/secret-server.md 1.1, 1.2). They are told a base, with or without
 * `/SecretServer`, and join it with double slashes or end with one; all of it is one path to the services. Only slashes
 * and the case of the prefix are changed here, and nothing is decoded: what comes out is checked as every target is.
 */

export const SECRET_SERVER_PREFIX = '/SecretServer';

const BASE = /^\/secretserver(?=\/|$)/i;
const API = /^\/(?:api\/v[123]|oauth2|internals|webservices)(?=\/|$)/i;

/** The target in the one form under which the services know it; undefined: it is none of Secret Server's. */
export function secretServerTarget(target: string): string | undefined {
  const path = pathOf(target);
  const single = path.replace(/\/+/g, '/').replace(/\/$/, '');
  const below = single.replace(BASE, '');
  const api = API.exec(below)?.[0];
  if (api === undefined && below === single) return undefined;
  const rest = api === undefined ? below : api.toLowerCase() + below.slice(api.length);
  return `${SECRET_SERVER_PREFIX}${rest}${target.slice(path.length)}`;
}

export const isAtSecretServersDoor = (path: string): boolean =>
  path === SECRET_SERVER_PREFIX || path.startsWith(`${SECRET_SERVER_PREFIX}/`);

/** The SOAP service, which no client of today calls. */
export const isSoap = (path: string): boolean => path.startsWith(`${SECRET_SERVER_PREFIX}/webservices`);
