import { AppError } from '@strongroom/errors/app-error';
import { invalidField } from '@strongroom/errors/common-errors';
import { bodyParser } from '@strongroom/schema/parser';
import { Line, Type, Uuid } from '@strongroom/schema/types';
import type { TrailEvent } from '../domain/trail.ts';

const SOURCE = '/strongroom/';

/** Not `Members`: that would cut unknown members out of an event which other subscribers read, too. */
const parse = bodyParser(
  Type.Object({
    id: Uuid,
    source: Type.String({ pattern: `^${SOURCE}[a-z][a-z0-9-]{0,62}$` }),
    data: Type.Object({
      records: Type.Array(
        Type.Object({
          id: Uuid,
          time: Type.String({ format: 'date-time', maxLength: 40 }),
          code: Type.Integer({ minimum: 0, maximum: 2_147_483_647 }),
          name: Line(128, 1),
          message: Type.Unsafe<Record<string, string>>({
            type: 'object',
            maxProperties: 64,
            additionalProperties: { type: 'string', maxLength: 16_384 },
          }),
        }),
        { maxItems: 10_000 },
      ),
    }),
  }),
);

/** The records of an event `strongroom.<service>.audit.recorded`, or why it is none. */
export function parseAuditEvent(event: unknown): TrailEvent | { reason: string } {
  try {
    const { id, source, data } = parse(event);
    const service = source.slice(SOURCE.length);
    return {
      // PostgreSQL's spelling: the inbox tells by it which events are new.
      id: id.toLowerCase(),
      original: event,
      records: data.records.map(record => ({
        id: record.id.toLowerCase(),
        created: toInstant(record.time),
        service,
        code: record.code,
        name: record.name,
        message: storableMessage(record.message),
      })),
    };
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return { reason: error.details.map(detail => detail.message).join('; ') };
  }
}

/** To the millisecond. RFC 3339 knows leap seconds, Date does not: as in PostgreSQL they are the second after. */
function toInstant(time: string): Date {
  const isLeapSecond = time.includes(':60');
  const instant = new Date(Date.parse(time.replace(':60', ':59')) + (isLeapSecond ? 1_000 : 0));
  if (Number.isNaN(instant.getTime())) throw invalidField('time', 'time must be an RFC 3339 date and time');
  return instant;
}

/** Text that PostgreSQL cannot hold must not keep a record out of the trail. */
function storableMessage(message: Record<string, string>): Record<string, string> {
  const entries = Object.entries(message);
  if (entries.every(([key, value]) => isStorable(key) && isStorable(value))) return message;
  return Object.fromEntries(entries.map(([key, value]) => [toStorable(key), toStorable(value)]));
}

const isStorable = (text: string): boolean => text.isWellFormed() && !text.includes('\0');
const toStorable = (text: string): string => text.toWellFormed().replaceAll('\0', '\uFFFD');
