import { randomUUID } from 'node:crypto';

/** W3C Trace Context, 3.2: version, trace id, parent id, flags; later versions may append fields. */
const TRACEPARENT = /^(?!ff)([0-9a-f]{2})-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(-.*)?$/;

export function isValidTraceparent(value: string): boolean {
  const match = TRACEPARENT.exec(value);
  return match !== null && (match[2] === undefined || match[1] !== '00');
}

/** A new, unsampled trace whose id is the request id, so that one finds the other. */
export function newTraceparent(requestId: string): string {
  const random = randomUUID();
  // The third group of a UUID holds its version and is never zero; an all-zero parent id would be invalid.
  const parentId = random.slice(0, 8) + random.slice(9, 13) + random.slice(14, 18);
  return `00-${requestId.replaceAll('-', '')}-${parentId}-00`;
}
