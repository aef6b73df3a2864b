/**
 * Parses JSON in which no object names a member twice. Parsers differ in which of two they take, so that one
 * could check the first and another act on the second (RFC 8259, 4; RFC 7519, 4). Undefined: it is not such JSON.
 */
export function parseUniqueJson(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return hasTwins(text) ? undefined : value;
  } catch {
    return undefined;
  }
}

/** Outside of strings, well-formed JSON has no other brackets and colons than those of its structure. */
const STRUCTURE = /"(?:[^"\\]|\\.)*"|[{}[\]:]/g;

function hasTwins(text: string): boolean {
  const open: Set<string>[] = [];
  let last = '';
  for (const [token] of text.matchAll(STRUCTURE)) {
    if (token === '{' || token === '[') open.push(new Set());
    else if (token === '}' || token === ']') open.pop();
    else if (token !== ':') last = token;
    else {
      // Escapes can spell one name in several ways.
      const name = JSON.parse(last) as string;
      const names = open.at(-1);
      if (names?.has(name) === true) return true;
      names?.add(name);
    }
  }
  return false;
}
