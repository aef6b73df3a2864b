import { Choice, Line, Members, Text, Timestamp, Type, Uuid, type Static } from '@strongroom/schema/types';
import {
  MAX_SCRIPT_BYTES,
  OPERATING_SYSTEMS,
  toOperatingSystem,
  type ScriptTemplate,
  type TemplateSettings,
} from '../domain/script-template.ts';
import { NameInput, checkedName } from './name.ts';

/** The script template on the wire (contract 3.2). */

const script = {
  operating_system: Line(16),
  script: Text(MAX_SCRIPT_BYTES),
};

export const ScriptBody = Members(script);
export const ScriptTemplateBody = Members({ name: NameInput, ...script });

export const ScriptTemplateView = Members({
  id: Uuid,
  name: Type.String(),
  operating_system: Choice(...OPERATING_SYSTEMS),
  script: Type.String(),
  created: Timestamp,
  created_by: Type.String(),
  updated: Timestamp,
  updated_by: Type.String(),
});

export const toTemplateSettings = (body: Static<typeof ScriptTemplateBody>): TemplateSettings => ({
  name: checkedName(body.name),
  operatingSystem: toOperatingSystem(body.operating_system),
  script: body.script,
});

export const scriptTemplateView = (template: ScriptTemplate): Static<typeof ScriptTemplateView> => ({
  id: template.id,
  name: template.name,
  operating_system: template.operatingSystem,
  script: template.script,
  created: template.createdAt.toISOString(),
  created_by: template.createdBy,
  updated: template.updatedAt.toISOString(),
  updated_by: template.updatedBy,
});
