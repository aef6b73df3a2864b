import type { VaultContext } from '../context.ts';
import type { Schema } from '../domain/schema.ts';
import { findSchema, findSchemaByNumber, listSchemas } from '../store/schemas.ts';

/** The schema that a secret follows, if it follows one. Schemas are no secret: whoever signs in may see them. */
export const schemaOf = async (
  ctx: Pick<VaultContext, 'db'>,
  { schema }: { readonly schema: string | undefined },
): Promise<Schema | undefined> => (schema === undefined ? undefined : findSchema(ctx.db, schema));

/** By the number that dialects know it by. */
export const schemaByNumber = (ctx: Pick<VaultContext, 'db'>, number: number): Promise<Schema | undefined> =>
  findSchemaByNumber(ctx.db, number);

export const allSchemas = (ctx: Pick<VaultContext, 'db'>): Promise<Schema[]> => listSchemas(ctx.db);
