import type { CloudEvent } from '@strongroom/contracts/cloud-event';
import { isForeignKeyViolation, isUniqueViolation, type Queryable } from '@strongroom/db/database';
import { translateKeyRefusal } from '@strongroom/keys/key-errors';
import { appendEventsAfter, eventValues } from '@strongroom/outbox/outbox';
import { keyUsedMeanwhile } from '../domain/errors.ts';

/**
 * What a write stores beside the change itself, in the same statement: the events that tell of it, and the answer
 * under the caller's idempotency key (docs/adr/0026-idempotency-keys.md).
 */
export interface Facts {
  readonly events: readonly CloudEvent[];
  /** Rows for `idempotency_keys` as JSON: none or one. */
  readonly answers: string;
}

/**
 * CTEs that append the facts if, and only if, the CTE `change` has changed its one row. `events` and `answers` are the
 * parameters that `factValues` fills.
 */
export const factsAfter = (change: string, events: string, answers: string): string => `
  told AS (${appendEventsAfter(change, events)}),
  answered AS (
    INSERT INTO idempotency_keys (caller, key_hash, fingerprint, answer, created_at)
    SELECT a.caller, a.key_hash, a.fingerprint, a.answer, a.created_at
    FROM ${change}, json_to_recordset(${answers}::json)
      AS a (caller text, key_hash text, fingerprint text, answer json, created_at timestamptz)
  )`;

export const factValues = ({ events, answers }: Facts): [string[], string] => [eventValues(events), answers];

/** What a statement finds out only while it writes, since another one was quicker: a name, or a schema that is gone. */
const wasLate = (error: unknown): boolean =>
  isUniqueViolation(error, 'secrets_name_unique') || isForeignKeyViolation(error, 'secrets_schema_exists');

/** For statements with `factsAfter`: whether the change was made. */
export async function runWrite(db: Queryable, text: string, values: readonly unknown[]): Promise<boolean> {
  try {
    return (await db.query(text, values)).length === 1;
  } catch (error) {
    if (wasLate(error)) return false;
    // A request under the same key was quicker, and all of this one was undone.
    throw isUniqueViolation(error, 'idempotency_keys_used') ? keyUsedMeanwhile() : translateKeyRefusal(error);
  }
}
