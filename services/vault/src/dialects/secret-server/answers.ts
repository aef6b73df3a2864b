import { Members, Type } from '@strongroom/schema/types';

/** What lookups show of each. */
export const Lookup = Members({ id: Type.Integer(), value: Type.String() });

/** The answer to what was deleted. */
export const Deleted = Members({
  id: Type.Integer(),
  objectType: Type.String(),
  responseCodes: Type.Array(Type.String()),
});
