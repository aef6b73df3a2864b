/**
 * Where an application may have people sent back to: an https URI, http on this very machine, or a scheme of the
 * application's own (RFC 8252, 7). No fragment (RFC 6749, 3.1.2), no user name that disguises the host, no
 * wildcard: it is compared as it stands (RFC 9700, 2.1).
 */
export function isRedirectUri(text: string): boolean {
  // What a URL parser would repair (blanks, line breaks, backslashes) might be read differently elsewhere.
  if (!/^[\x21-\x7e]+$/.test(text) || /[\\#*]/.test(text)) return false;
  if (!URL.canParse(text)) return false;
  const uri = new URL(text);
  if (uri.protocol === 'https:' || uri.protocol === 'http:') {
    if (!/^https?:\/\/[^/]/i.test(text) || uri.username !== '' || uri.password !== '') return false;
    return uri.protocol === 'https:' || isLoopback(uri.hostname);
  }
  // A name that its owner controls, in reverse (RFC 8252, 7.1): also keeps out javascript: and data:.
  return (
    /^[a-z][a-z0-9+-]*(\.[a-z0-9+-]+)+:$/.test(uri.protocol) && uri.username === '' && uri.password === ''
  );
}

const isLoopback = (hostname: string): boolean =>
  hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname);
