/**
 * The check of the raw, still-encoded request target (RFC 9112, 3.2.1). It exists because the gateway,
 * a service's router and its rules would otherwise each see another path: whatever decodes to something
 * that two of them could read differently is refused here, once, before anything acts on it.
 */

const MAX_TARGET_LENGTH = 8192;

/** RFC 3986, 3.3: pchar and "/". Leaves out raw control characters, backslash, "#" and all but ASCII. */
const PATH = /^\/[A-Za-z0-9\-._~!$&'()*+,;=:@%/]*$/;
/** Visible ASCII but "#". Browsers send more raw characters in queries than RFC 3986 allows. */
const QUERY = /^[!"$-~]*$/;

const DOT_SEGMENT = /\/\.{1,2}(?:\/|$)/;
const CONTROL = /\p{Cc}/u;
const ENCODED_SLASH = /%2f/i;

/** Where an encoded slash is part of a name (contracts/privx.md 0.1) and not a way around a segment border. */
const NAME_PREFIX =
  /^\/vault\/api\/v1\/(?:(?:user\/[A-Za-z0-9-]+\/)?(?:metadata\/|files\/|move\/)?secrets|secret\/(?:data|metadata|keys|delete|undelete|destroy))\/|^\/secrets-manager\/api\/v1\/(?:rotate|set-password|heartbeat)\/[A-Za-z0-9-]+\//;

export const pathOf = (target: string): string => {
  const query = target.indexOf('?');
  return query === -1 ? target : target.slice(0, query);
};

/** What is wrong with a target, in words that repeat nothing of it; undefined when it is well. */
export function targetFault(target: string): string | undefined {
  if (target.length > MAX_TARGET_LENGTH) return 'The request target is too long';
  const path = pathOf(target);
  return (
    pathFault(path) ?? (path.length === target.length ? undefined : queryFault(target.slice(path.length + 1)))
  );
}

function pathFault(path: string): string | undefined {
  if (!PATH.test(path))
    return 'The path must begin with a slash and hold only characters that a path may hold';
  const decoded = decodeOnce(path);
  if (decoded === undefined) return 'The path holds a malformed percent encoding';
  if (decoded.includes('//')) return 'The path holds an empty segment';
  if (DOT_SEGMENT.test(decoded)) return 'The path holds a dot segment';
  if (decoded === path) return undefined;
  if (CONTROL.test(decoded) || decoded.includes('\\')) return 'The path holds a forbidden encoded character';
  if (ENCODED_SLASH.test(path) && !NAME_PREFIX.test(path)) {
    return 'The path holds an encoded slash outside of a secret name';
  }
  return undefined;
}

function queryFault(query: string): string | undefined {
  if (!QUERY.test(query)) return 'The query holds a character that a query may not hold';
  const decoded = decodeOnce(query);
  if (decoded === undefined || decoded.includes('\0')) return 'The query holds a malformed percent encoding';
  return undefined;
}

/** Strict: malformed triplets, overlong forms, surrogates and other broken UTF-8 are undefined. */
function decodeOnce(text: string): string | undefined {
  if (!text.includes('%')) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
