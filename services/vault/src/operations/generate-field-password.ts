import { randomInt } from 'node:crypto';
import { AUDIT_EVENTS } from '@strongroom/contracts/audit';
import type { Caller, RequestInfo } from '@strongroom/contracts/caller';
import { generatePassword } from '@strongroom/crypto/generate-password';
import type { VaultContext } from '../context.ts';
import { passwordFieldsOnly } from '../domain/errors.ts';
import { FIELD_PASSWORD } from '../domain/password-rule.ts';
import { isPasswordField, type Schema, type SchemaField } from '../domain/schema.ts';

/** A new password for a field, kept nowhere. Resolves only when the audit record is durable. */
export async function generateFieldPassword(
  ctx: Pick<VaultContext, 'audit'>,
  caller: Caller,
  request: RequestInfo,
  schema: Schema,
  field: SchemaField | undefined,
): Promise<string> {
  if (field === undefined || !isPasswordField(field)) throw passwordFieldsOnly();
  await ctx.audit.write({
    type: AUDIT_EVENTS.fieldPasswordGenerated,
    caller,
    request,
    message: { schema: schema.name, schemaID: schema.id },
  });
  return generatePassword(FIELD_PASSWORD, max => randomInt(max));
}
