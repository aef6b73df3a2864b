import type { VaultContext } from '../context.ts';
import { schemaNotFound } from '../domain/errors.ts';
import type { Schema } from '../domain/schema.ts';
import { findSchemaByNumber, listSchemas } from '../store/schemas.ts';

/** Schemas are no secret: whoever signs in may see them. */
export const allSchemas = (ctx: Pick<VaultContext, 'db'>): Promise<readonly Schema[]> => listSchemas(ctx.db);

/** For dialects that know schemas by numbers. */
export async function schemaByNumber(ctx: Pick<VaultContext, 'db'>, number: number): Promise<Schema> {
  const schema = await findSchemaByNumber(ctx.db, number);
  if (schema === undefined) throw schemaNotFound();
  return schema;
}
