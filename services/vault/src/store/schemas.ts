import type { Queryable } from '@strongroom/db/database';
import type { Schema, SchemaField } from '../domain/schema.ts';

interface SchemaRow {
  id: string;
  number: number;
  name: string;
  title: string;
  properties: SchemaField[];
  open: boolean;
  built_in: boolean;
}

const COLUMNS = 'id, number, name, title, properties, open, built_in';

const toSchema = ({ built_in: builtIn, ...row }: SchemaRow): Schema => ({ ...row, builtIn });

export async function findSchema(db: Queryable, name: string): Promise<Schema | undefined> {
  const [row] = await db.query<SchemaRow>(`SELECT ${COLUMNS} FROM schemas WHERE name = $1`, [name]);
  return row && toSchema(row);
}

/** The built-in ones first, in the order in which they were made. */
export async function listSchemas(db: Queryable): Promise<Schema[]> {
  const rows = await db.query<SchemaRow>(`SELECT ${COLUMNS} FROM schemas ORDER BY number`);
  return rows.map(toSchema);
}
