/**
 * What the MACs of the chain are taken over: canonical JSON (RFC 8785), so that there is one text for one content and
 * anyone with the key can compute it again. Texts must be well-formed Unicode, whole numbers safe integers.
 */

/** What a row of the trail says. Instants as `instantText` writes them, that is, as the database holds them. */
export interface RowContent {
  readonly position: number;
  readonly recordedAt: string;
  readonly id: string;
  readonly created: string;
  readonly service: string;
  readonly code: number;
  readonly name: string;
  readonly message: Readonly<Record<string, string>>;
  readonly words: string;
}

export interface BatchContent {
  readonly number: number;
  readonly firstPosition: number;
  readonly recordCount: number;
  readonly recordedAt: string;
  readonly keyId: string;
  readonly previousMac: Uint8Array;
  /** SHA-256 over the MACs of its rows, in order. */
  readonly rowsDigest: Uint8Array;
}

export interface HeadContent {
  readonly number: number;
  readonly position: number;
  readonly recordedAt: string;
  readonly batchMac: Uint8Array;
}

/** Seconds since 1970 with six decimals: what PostgreSQL's `extract(epoch …)::text` gives, whatever the value. */
export function instantText(instant: Date): string {
  const ms = instant.getTime();
  const whole = Math.abs(ms);
  const fraction = String(whole % 1_000).padStart(3, '0');
  return `${ms < 0 ? '-' : ''}${Math.floor(whole / 1_000)}.${fraction}000`;
}

/** The instant that `instantText` wrote. */
export const instantOf = (text: string): Date => new Date(Math.round(Number(text) * 1_000));

export const rowText = (row: RowContent): string =>
  list(
    text('strongroom-audit-row/1'),
    String(row.position),
    text(row.recordedAt),
    text(row.id),
    text(row.created),
    text(row.service),
    String(row.code),
    text(row.name),
    members(row.message),
    text(row.words),
  );

export const batchText = (batch: BatchContent): string =>
  list(
    text('strongroom-audit-batch/1'),
    String(batch.number),
    String(batch.firstPosition),
    String(batch.recordCount),
    text(batch.recordedAt),
    text(batch.keyId),
    bytes(batch.previousMac),
    bytes(batch.rowsDigest),
  );

export const headText = (head: HeadContent): string =>
  list(
    text('strongroom-audit-head/1'),
    String(head.number),
    String(head.position),
    text(head.recordedAt),
    bytes(head.batchMac),
  );

const list = (...items: string[]): string => `[${items.join(',')}]`;
/** JSON.stringify writes a text as RFC 8785 (3.2.2.2) wants it. */
const text = (value: string): string => JSON.stringify(value);
const bytes = (value: Uint8Array): string => text(Buffer.from(value).toString('base64url'));

/**
 * Not JSON.stringify, which would put keys that look like numbers first. What somebody wrote into the database may be no
 * flat object at all; it gets some text then, and never that of one.
 */
function members(message: Readonly<Record<string, string>> | null): string {
  if (typeof message !== 'object' || message === null || Array.isArray(message))
    return JSON.stringify(message);
  // Without a function sort compares UTF-16 code units, the order of RFC 8785 (3.2.3).
  const keys = Object.keys(message).sort();
  return `{${keys.map(key => `${text(key)}:${JSON.stringify(message[key])}`).join(',')}}`;
}
