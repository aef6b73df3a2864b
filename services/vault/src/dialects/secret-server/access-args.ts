import { Members, OrNull, Text, Type } from '@strongroom/schema/types';

const MAX_COMMENT_LENGTH = 2_048;

/**
 * What callers say of an access (contract 5.9). A comment and a ticket go on the record. Locks, check-outs and their
 * passwords are of what no secret here has, so there is nothing that they could open.
 */
export const accessArgs = {
  comment: OrNull(Text(MAX_COMMENT_LENGTH)),
  ticketNumber: OrNull(Text(256)),
  ticketSystemId: OrNull(Type.Integer()),
  includeInactive: OrNull(Type.Boolean()),
};

export const AccessArgs = Members(accessArgs);

export interface StatedAccess {
  readonly comment?: string | null | undefined;
  readonly ticketNumber?: string | null | undefined;
  readonly ticketSystemId?: number | null | undefined;
}

/** The same in a query. */
export const accessQuery = {
  autoComment: Type.Optional(Text(MAX_COMMENT_LENGTH)),
  includeInactive: Type.Optional(Type.Boolean()),
};

/** For the record of the act. */
export const toldOf = ({ comment, ticketNumber, ticketSystemId }: StatedAccess): Record<string, string> => ({
  ...(comment === undefined || comment === null || comment === '' ? {} : { comment }),
  ...(ticketNumber === undefined || ticketNumber === null || ticketNumber === '' ? {} : { ticketNumber }),
  ...(ticketSystemId === undefined || ticketSystemId === null
    ? {}
    : { ticketSystemID: String(ticketSystemId) }),
});
