import { Members, Type, type Static } from '@strongroom/schema/types';
import { Number32 } from './route-parts.ts';

/** The answer to what was deleted (contract secret-server.md 1.5). */
export const Deleted = Members({
  id: Number32,
  objectType: Type.String(),
  responseCodes: Type.Array(Type.String()),
});

export const deleted = (objectType: string, id: number): Static<typeof Deleted> => ({
  id,
  objectType,
  responseCodes: [],
});
