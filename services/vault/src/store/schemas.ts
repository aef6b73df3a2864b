import { isForeignKeyViolation, type Queryable } from '@strongroom/db/database';
import { schemaInUse } from '../domain/errors.ts';
import type { Schema, SchemaField } from '../domain/schema.ts';

interface SchemaRow {
  id: string;
  number: number;
  name: string;
  title: string;
  properties: SchemaField[];
  highest_field: number;
  open: boolean;
  built_in: boolean;
  revision: string;
}

const COLUMNS = 'id, number, name, title, properties, highest_field, open, built_in, revision';

const toSchema = ({
  built_in: builtIn,
  highest_field: highestField,
  revision,
  ...row
}: SchemaRow): Schema => ({
  ...row,
  highestField,
  builtIn,
  revision: Number(revision),
});

/** Who writes, and when. */
export interface Writing {
  readonly at: Date;
  readonly by: string;
}

export async function findSchema(db: Queryable, name: string): Promise<Schema | undefined> {
  const [row] = await db.query<SchemaRow>(`SELECT ${COLUMNS} FROM schemas WHERE name = $1`, [name]);
  return row && toSchema(row);
}

export async function findSchemaByNumber(db: Queryable, number: number): Promise<Schema | undefined> {
  const [row] = await db.query<SchemaRow>(`SELECT ${COLUMNS} FROM schemas WHERE number = $1::bigint`, [
    number,
  ]);
  return row && toSchema(row);
}

/** The same, and nobody else changes it until the transaction ends. */
export async function holdSchema(tx: Queryable, name: string): Promise<Schema | undefined> {
  const [row] = await tx.query<SchemaRow>(`SELECT ${COLUMNS} FROM schemas WHERE name = $1 FOR UPDATE`, [
    name,
  ]);
  return row && toSchema(row);
}

/** The built-in ones first, in the order in which they were made. */
export async function listSchemas(db: Queryable): Promise<Schema[]> {
  const rows = await db.query<SchemaRow>(`SELECT ${COLUMNS} FROM schemas ORDER BY number`);
  return rows.map(toSchema);
}

/** Undefined: there is one of this name. */
export async function insertSchema(
  tx: Queryable,
  schema: Pick<Schema, 'id' | 'name' | 'title' | 'properties' | 'highestField' | 'open'>,
  { at, by }: Writing,
): Promise<Schema | undefined> {
  const [row] = await tx.query<SchemaRow>(
    `INSERT INTO schemas (id, name, title, properties, highest_field, open, created_at, created_by, updated_at, updated_by)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $7, $8)
     ON CONFLICT ON CONSTRAINT schemas_name_unique DO NOTHING RETURNING ${COLUMNS}`,
    [
      schema.id,
      schema.name,
      schema.title,
      JSON.stringify(schema.properties),
      schema.highestField,
      schema.open,
      at,
      by,
    ],
  );
  return row && toSchema(row);
}

export async function updateSchema(tx: Queryable, schema: Schema, { at, by }: Writing): Promise<void> {
  await tx.query(
    `UPDATE schemas SET title = $2, properties = $3, highest_field = $4, open = $5, revision = $6, updated_at = $7,
       updated_by = $8
     WHERE id = $1`,
    [
      schema.id,
      schema.title,
      JSON.stringify(schema.properties),
      schema.highestField,
      schema.open,
      schema.revision,
      at,
      by,
    ],
  );
}

/** Throws when secrets follow it. */
export async function deleteSchema(tx: Queryable, id: string): Promise<void> {
  try {
    await tx.query('DELETE FROM schemas WHERE id = $1', [id]);
  } catch (error) {
    throw isForeignKeyViolation(error, 'secrets_schema_exists') ? schemaInUse() : error;
  }
}
