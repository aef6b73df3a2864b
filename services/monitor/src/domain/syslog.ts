import { trailLine, type PlacedRecord } from './trail-line.ts';

/** Log audit (RFC 5424, table 1). */
const FACILITY = 13;
const WARNING = 4;
const NOTICE = 5;
const INFORMATIONAL = 6;

/**
 * Name of the structured data. 32473 is the enterprise number that RFC 5612 sets aside for examples: the project has
 * none of its own, and names without a number are IANA's to give.
 */
const SD_ID = 'strongroom@32473';

/** Receivers should take messages of this size (RFC 5425, 4.3.1), and common ones take no larger by default. */
export const MAX_MESSAGE_BYTES = 8_192;
const MAX_PARAM_LENGTH = 128;

/** RFC 5424, 6.4: says that UTF-8 follows. */
const BOM = '\uFEFF';
/** Ends a text that was cut. */
export const CUT_MARK = '…[cut]';
const CUT_MARK_BYTES = Buffer.byteLength(CUT_MARK);

/** What was refused or failed stands out; what was only read does not. */
export function severityOf(name: string): number {
  if (/-(failed|denied|refused|error)$/i.test(name)) return WARNING;
  if (/-(read|listed|running|stopped|searched)$/i.test(name)) return INFORMATIONAL;
  return NOTICE;
}

/**
 * A record as a syslog message (RFC 5424): the service as PROCID, the name of the event as MSGID, the record as JSON in
 * UTF-8 as MSG. A message above `MAX_MESSAGE_BYTES` loses the end of its MSG and says so.
 */
export function syslogMessage(record: PlacedRecord, hostname: string): Buffer {
  const priority = FACILITY * 8 + severityOf(record.name);
  const head = [
    `<${priority}>1`,
    record.created.toISOString(),
    word(hostname, 255),
    'strongroom',
    word(record.service, 128),
    word(record.name, 32),
    structuredData(record),
    BOM,
  ].join(' ');
  const start = Buffer.from(head);
  const text = Buffer.from(trailLine(record));
  return Buffer.concat([start, cut(text, MAX_MESSAGE_BYTES - start.length)]);
}

/** Octet counting (RFC 6587, 3.4.1; RFC 5425, 4.3): messages in a stream, each behind its length. */
export const framed = (message: Buffer): Buffer =>
  Buffer.concat([Buffer.from(`${message.length} `), message]);

/** Printable US-ASCII without spaces, and never empty (RFC 5424, 6: PRINTUSASCII, NILVALUE). */
const word = (text: string, maxLength: number): string =>
  text.replace(/[^!-~]/g, '_').slice(0, maxLength) || '-';

function structuredData({ position, id, code, message }: PlacedRecord): string {
  const params: [string, string | undefined][] = [
    ['position', String(position)],
    ['id', id],
    ['code', String(code)],
    ['userID', message['userID']],
    ['sessionID', message['sessionID']],
    ['requestID', message['requestID']],
  ];
  const parts = params
    .filter((param): param is [string, string] => param[1] !== undefined)
    .map(([name, value]) => ` ${name}="${paramValue(value)}"`);
  return `[${SD_ID}${parts.join('')}]`;
}

/** RFC 5424, 6.3.3: these three are escaped. */
const paramValue = (text: string): string =>
  text
    .slice(0, MAX_PARAM_LENGTH)
    .toWellFormed()
    .replace(/["\\\]]/g, '\\$&');

/** At the border of a character. */
function cut(text: Buffer, maxBytes: number): Buffer {
  if (text.length <= maxBytes) return text;
  let end = maxBytes - CUT_MARK_BYTES;
  while (((text[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return Buffer.concat([text.subarray(0, end), Buffer.from(CUT_MARK)]);
}
