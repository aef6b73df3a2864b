import { AUDIT_EVENTS, type AuditEventType } from '@strongroom/contracts/audit';
import type { Caller, RequestInfo } from '@strongroom/contracts/caller';
import type { Queryable } from '@strongroom/db/database';
import type { SecretsManagerContext } from '../context.ts';
import { passwordPolicyNotFound } from '../domain/errors.ts';
import { toPolicySettings, type GivenPolicy, type PasswordPolicy } from '../domain/password-policy.ts';
import type { RotationWindow } from '../domain/rotation-window.ts';
import {
  deletePasswordPolicy as deleteRow,
  insertPasswordPolicy,
  setRotationWindow,
  updatePasswordPolicy as updateRow,
} from '../store/password-policies.ts';
import { forgetPlans } from '../store/rotation-plans.ts';
import { removeScriptTemplate } from './script-templates.ts';

export async function createPasswordPolicy(
  ctx: SecretsManagerContext,
  caller: Caller,
  request: RequestInfo,
  given: GivenPolicy,
  window: RotationWindow | null = null,
): Promise<{ id: string }> {
  const now = ctx.now();
  const policy = {
    ...toPolicySettings(given),
    id: ctx.newId(),
    createdAt: now,
    createdBy: caller.id,
    updatedAt: now,
    updatedBy: caller.id,
    rotationWindow: window,
  };
  await ctx.db.transaction(async tx => {
    await insertPasswordPolicy(tx, policy);
    await setRotationWindow(tx, policy.id, window);
    await record(ctx, tx, AUDIT_EVENTS.passwordPolicyAdded, caller, request, policy);
  });
  ctx.ring();
  return policy;
}

/** Replaces the policy by what the body says; a window that is not given stays. Its accounts get other times. */
export async function updatePasswordPolicy(
  ctx: SecretsManagerContext,
  caller: Caller,
  request: RequestInfo,
  id: string,
  given: GivenPolicy,
  window?: RotationWindow | null,
): Promise<void> {
  const next = { ...toPolicySettings(given), id, updatedAt: ctx.now(), updatedBy: caller.id };
  await ctx.db.transaction(async tx => {
    if (!(await updateRow(tx, next))) throw passwordPolicyNotFound();
    if (window !== undefined) await setRotationWindow(tx, id, window);
    await forgetPlans(tx, id);
    await record(ctx, tx, AUDIT_EVENTS.passwordPolicyModified, caller, request, next);
  });
  ctx.ring();
}

export async function deletePasswordPolicy(
  ctx: SecretsManagerContext,
  caller: Caller,
  request: RequestInfo,
  id: string,
): Promise<void> {
  await ctx.db.transaction(async tx => {
    const name = await deleteRow(tx, id);
    if (name !== undefined) {
      await record(ctx, tx, AUDIT_EVENTS.passwordPolicyRemoved, caller, request, { id, name });
      return;
    }
    // PrivX's Go SDK deletes script templates at the policies' path (contract 3.2). Ids are unique across both
    // tables, so the id alone says what is meant.
    if (!(await removeScriptTemplate(ctx, tx, caller, request, id))) throw passwordPolicyNotFound();
  });
  ctx.ring();
}

const record = (
  ctx: Pick<SecretsManagerContext, 'audit'>,
  tx: Queryable,
  type: AuditEventType,
  caller: Caller,
  request: RequestInfo,
  policy: Pick<PasswordPolicy, 'id' | 'name'>,
): Promise<void> =>
  ctx.audit.append(tx, {
    type,
    caller,
    request,
    message: { passwordPolicyID: policy.id, passwordPolicy: policy.name },
  });
