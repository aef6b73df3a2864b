import { randomUUID } from 'node:crypto';

/** W3C Trace Context, 3.2. A new, unsampled trace whose id is the request id, so that one finds the other. */
export function newTraceparent(requestId: string): string {
  const random = randomUUID();
  // The third group of a UUID holds its version and is never zero; an all-zero parent id would be invalid.
  const parentId = random.slice(0, 8) + random.slice(9, 13) + random.slice(14, 18);
  return `00-${requestId.replaceAll('-', '')}-${parentId}-00`;
}
