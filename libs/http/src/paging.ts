import { Type } from '@strongroom/schema/types';

/** `sortdir` arrives in any case (contract 0.4). */
export const SortDirection = Type.String({ pattern: '^([aA][sS][cC]|[dD][eE][sS][cC])$', maxLength: 4 });

/** Query parameters of a list; more than `max` items a page is refused with 400. */
export const paging = (options: { limit: number; max: number }) => ({
  offset: Type.Integer({ minimum: 0, maximum: 2_147_483_647, default: 0 }),
  limit: Type.Integer({ minimum: 1, maximum: options.max, default: options.limit }),
});

export const isDescending = (direction: string | undefined): boolean => direction?.toUpperCase() === 'DESC';
