import { AUDIT_EVENTS, type AuditEventType } from '@strongroom/contracts/audit';
import type { Caller, RequestInfo } from '@strongroom/contracts/caller';
import type { Queryable } from '@strongroom/db/database';
import type { SecretsManagerContext } from '../context.ts';
import { scriptTemplateNotFound } from '../domain/errors.ts';
import {
  compileScript,
  SAMPLE_VALUES,
  type ScriptTemplate,
  type TemplateSettings,
} from '../domain/script-template.ts';
import {
  deleteScriptTemplate as deleteRow,
  insertScriptTemplate,
  updateScriptTemplate as updateRow,
} from '../store/script-templates.ts';

export async function createScriptTemplate(
  ctx: SecretsManagerContext,
  caller: Caller,
  request: RequestInfo,
  settings: TemplateSettings,
): Promise<ScriptTemplate> {
  requireCompilable(settings);
  const now = ctx.now();
  const template: ScriptTemplate = {
    ...settings,
    id: ctx.newId(),
    createdAt: now,
    createdBy: caller.id,
    updatedAt: now,
    updatedBy: caller.id,
  };
  await ctx.db.transaction(async tx => {
    await insertScriptTemplate(tx, template);
    await record(ctx, tx, AUDIT_EVENTS.scriptTemplateAdded, caller, request, template);
  });
  ctx.ring();
  return template;
}

/** Replaces the template by what the body says. */
export async function updateScriptTemplate(
  ctx: SecretsManagerContext,
  caller: Caller,
  request: RequestInfo,
  id: string,
  settings: TemplateSettings,
): Promise<void> {
  requireCompilable(settings);
  const next = { ...settings, id, updatedAt: ctx.now(), updatedBy: caller.id };
  await ctx.db.transaction(async tx => {
    if (!(await updateRow(tx, next))) throw scriptTemplateNotFound();
    await record(ctx, tx, AUDIT_EVENTS.scriptTemplateModified, caller, request, next);
  });
  ctx.ring();
}

export async function deleteScriptTemplate(
  ctx: SecretsManagerContext,
  caller: Caller,
  request: RequestInfo,
  id: string,
): Promise<void> {
  await ctx.db.transaction(async tx => {
    if (!(await removeScriptTemplate(ctx, tx, caller, request, id))) throw scriptTemplateNotFound();
  });
  ctx.ring();
}

/** Deletes the template, on the record. False: there is none. */
export async function removeScriptTemplate(
  ctx: Pick<SecretsManagerContext, 'audit'>,
  tx: Queryable,
  caller: Caller,
  request: RequestInfo,
  id: string,
): Promise<boolean> {
  const name = await deleteRow(tx, id);
  if (name === undefined) return false;
  await record(ctx, tx, AUDIT_EVENTS.scriptTemplateRemoved, caller, request, { id, name });
  return true;
}

/** A fault shows when the template is written, not when a rotation runs it. */
function requireCompilable({ operatingSystem, script }: TemplateSettings): void {
  compileScript(operatingSystem, script, SAMPLE_VALUES);
}

const record = (
  ctx: Pick<SecretsManagerContext, 'audit'>,
  tx: Queryable,
  type: AuditEventType,
  caller: Caller,
  request: RequestInfo,
  template: Pick<ScriptTemplate, 'id' | 'name'>,
): Promise<void> =>
  ctx.audit.append(tx, {
    type,
    caller,
    request,
    message: { scriptTemplateID: template.id, scriptTemplate: template.name },
  });
