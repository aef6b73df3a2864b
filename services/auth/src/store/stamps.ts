import type { Stamps } from '../domain/stamps.ts';

export interface StampColumns {
  created_at: Date;
  created_by: string;
  updated_at: Date;
  updated_by: string;
}

export const STAMP_COLUMNS = 'created_at, created_by, updated_at, updated_by';

export const toStamps = (row: StampColumns): Stamps => ({
  createdAt: row.created_at,
  createdBy: row.created_by,
  updatedAt: row.updated_at,
  updatedBy: row.updated_by,
});
