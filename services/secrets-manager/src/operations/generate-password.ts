import { randomInt } from 'node:crypto';
import { AUDIT_EVENTS } from '@strongroom/contracts/audit';
import type { Caller, RequestInfo } from '@strongroom/contracts/caller';
import type { SecretsManagerContext } from '../context.ts';
import { passwordPolicyNotFound } from '../domain/errors.ts';
import { generatePassword } from '../domain/password-generator.ts';
import type { PasswordPolicy } from '../domain/password-policy.ts';

/** A new password of this policy, kept nowhere. Resolves only when the audit record is durable. */
export async function generatePolicyPassword(
  ctx: Pick<SecretsManagerContext, 'audit'>,
  caller: Caller,
  request: RequestInfo,
  policy: PasswordPolicy | undefined,
): Promise<string> {
  if (policy === undefined) throw passwordPolicyNotFound();
  await ctx.audit.write({
    type: AUDIT_EVENTS.passwordGenerated,
    caller,
    request,
    message: { passwordPolicyID: policy.id, passwordPolicy: policy.name },
  });
  return generatePassword(policy, max => randomInt(max));
}
