import { created, ok, route, type Route } from '@strongroom/http/route';
import { Envelope, Members, Type, Uuid } from '@strongroom/schema/types';
import type { SecretsManagerContext } from '../context.ts';
import { scriptTemplateNotFound } from '../domain/errors.ts';
import { compileScript, SAMPLE_VALUES, toOperatingSystem } from '../domain/script-template.ts';
import {
  createScriptTemplate,
  deleteScriptTemplate,
  updateScriptTemplate,
} from '../operations/script-templates.ts';
import { findScriptTemplate, listScriptTemplates } from '../store/script-templates.ts';
import { PREFIX, READ, WRITE } from './access.ts';
import {
  ScriptBody,
  ScriptTemplateBody,
  scriptTemplateView,
  ScriptTemplateView,
  toTemplateSettings,
} from './script-template-view.ts';

const ById = Members({ id: Uuid });
const tag = 'script templates';

/** Script templates (contract 3.2). The literal path comes before `:id`. */
export const scriptTemplateRoutes = (ctx: SecretsManagerContext): Route[] => [
  route({
    method: 'get',
    path: `${PREFIX}/script-templates`,
    operationId: 'listScriptTemplates',
    tag,
    summary: 'List all script templates by name',
    access: READ,
    response: Envelope(ScriptTemplateView),
    handle: async () => {
      const templates = await listScriptTemplates(ctx.db);
      return ok({ count: templates.length, items: templates.map(scriptTemplateView) });
    },
  }),
  route({
    method: 'post',
    path: `${PREFIX}/script-template`,
    operationId: 'createScriptTemplate',
    tag,
    summary: 'Create a script template',
    access: WRITE,
    status: 201,
    body: ScriptTemplateBody,
    response: Members({ id: Uuid }),
    handle: async ({ body, caller, request }) => {
      const { id } = await createScriptTemplate(ctx, caller, request, toTemplateSettings(body));
      return created({ id }, `${PREFIX}/script-template/${id}`);
    },
  }),
  route({
    method: 'post',
    path: `${PREFIX}/script-template/compile`,
    operationId: 'compileScript',
    tag,
    summary: 'Check a script and show it with sample values in place of its placeholders',
    access: READ,
    body: ScriptBody,
    response: Members({ script: Type.String() }),
    handle: ({ body }) =>
      ok({ script: compileScript(toOperatingSystem(body.operating_system), body.script, SAMPLE_VALUES) }),
  }),
  route({
    method: 'get',
    path: `${PREFIX}/script-template/:id`,
    operationId: 'getScriptTemplate',
    tag,
    summary: 'Read a script template',
    access: READ,
    params: ById,
    response: ScriptTemplateView,
    handle: async ({ params }) => {
      const template = await findScriptTemplate(ctx.db, params.id);
      if (template === undefined) throw scriptTemplateNotFound();
      return ok(scriptTemplateView(template));
    },
  }),
  route({
    method: 'put',
    path: `${PREFIX}/script-template/:id`,
    operationId: 'updateScriptTemplate',
    tag,
    summary: 'Replace a script template',
    access: WRITE,
    params: ById,
    body: ScriptTemplateBody,
    handle: async ({ params, body, caller, request }) => {
      await updateScriptTemplate(ctx, caller, request, params.id.toLowerCase(), toTemplateSettings(body));
      return ok();
    },
  }),
  route({
    method: 'delete',
    path: `${PREFIX}/script-template/:id`,
    operationId: 'deleteScriptTemplate',
    tag,
    summary: 'Delete a script template',
    access: WRITE,
    params: ById,
    handle: async ({ params, caller, request }) => {
      await deleteScriptTemplate(ctx, caller, request, params.id.toLowerCase());
      return ok();
    },
  }),
];
