import { Line, Members, Type } from '@strongroom/schema/types';

/** Headers by which a request says under which condition it is to be carried out. */

const Tags = Type.Optional(Line(1_024));

/** On a GET. */
export const ReadConditions = Members({ 'if-none-match': Tags });

/** On a PUT or DELETE of what exists. */
const IfMatch = { 'if-match': Tags };

/**
 * On every POST and PUT that changes something: a request that is sent again under its key, within a day, is answered
 * as it was and changes nothing. Long enough not to be guessed (docs/adr/0026-idempotency-keys.md).
 */
export const Idempotency = {
  'idempotency-key': Type.Optional(Type.String({ minLength: 16, maxLength: 128, pattern: '^[!-~]+$' })),
};

export const OnceOnly = Members(Idempotency);
export const WriteConditions = Members({ ...IfMatch, ...Idempotency });
export const DeleteConditions = Members(IfMatch);
