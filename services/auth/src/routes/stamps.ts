import type { Stamps } from '../domain/stamps.ts';

export const stampsView = (stamps: Stamps) => ({
  created: stamps.createdAt.toISOString(),
  author: stamps.createdBy,
  updated: stamps.updatedAt.toISOString(),
  updated_by: stamps.updatedBy,
});
