import { schemaUnknown } from '../domain/errors.ts';
import { requireSchema } from '../domain/schema.ts';
import type { SecretData } from '../domain/secret.ts';
import type { VaultContext } from '../context.ts';
import { findSchema } from '../store/schemas.ts';

/** Checks content against the schema that it says to follow, if any. */
export async function checkContent(
  ctx: Pick<VaultContext, 'db'>,
  schemaName: string | undefined,
  data: SecretData,
): Promise<void> {
  if (schemaName === undefined) return;
  const schema = await findSchema(ctx.db, schemaName);
  if (schema === undefined) throw schemaUnknown();
  requireSchema(schema, data);
}
