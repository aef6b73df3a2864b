const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const [OPEN_OBJECT, CLOSE_OBJECT, OPEN_LIST, CLOSE_LIST] = [0x7b, 0x7d, 0x5b, 0x5d];
const [COLON, COMMA] = [0x3a, 0x2c];

/**
 * JSON as it arrives, but for the text of one member of the object, in any case, which becomes an empty one. So a text
 * that nobody needs may be larger than what may be held. What is no JSON stays none.
 */
export async function* withoutText(
  member: string,
  pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  const wanted = member.toLowerCase();
  let depth = 0;
  let inString = false;
  let escaped = false;
  let dropping = false;
  /** Whether the next text is a value of the outermost object. */
  let isValue = false;
  let name = '';

  for await (const piece of pieces) {
    let start = 0;
    for (let at = 0; at < piece.length; at += 1) {
      const byte = piece[at] ?? 0;
      if (inString) {
        if (escaped) escaped = false;
        else if (byte === BACKSLASH) escaped = true;
        else if (byte === QUOTE) {
          inString = false;
          if (dropping) start = at;
          dropping = false;
        } else if (depth === 1 && !isValue && name.length <= wanted.length) name += String.fromCharCode(byte);
      } else if (byte === QUOTE) {
        inString = true;
        if (depth !== 1) continue;
        if (!isValue) name = '';
        else if (name.toLowerCase() === wanted) {
          dropping = true;
          yield piece.subarray(start, at + 1);
        }
      } else if (byte === OPEN_OBJECT || byte === OPEN_LIST) depth += 1;
      else if (byte === CLOSE_OBJECT || byte === CLOSE_LIST) depth -= 1;
      else if (depth === 1 && (byte === COLON || byte === COMMA)) isValue = byte === COLON;
    }
    if (!dropping && start < piece.length) yield piece.subarray(start);
  }
}
