import { isForeignKeyViolation, isUniqueViolation, type Queryable } from '@strongroom/db/database';
import { canonicalName } from '@strongroom/schema/text';
import { scriptTemplateExists, scriptTemplateInUse } from '../domain/errors.ts';
import type { ScriptTemplate } from '../domain/script-template.ts';

/** Rows come out under the domain's own names. */
const SELECT = `SELECT id, name, operating_system AS "operatingSystem", script,
    created_at AS "createdAt", created_by AS "createdBy", updated_at AS "updatedAt", updated_by AS "updatedBy"
  FROM script_templates`;

const values = (template: Omit<ScriptTemplate, 'createdAt' | 'createdBy'>) => [
  template.id,
  template.name,
  canonicalName(template.name),
  template.operatingSystem,
  template.script,
  template.updatedAt,
  template.updatedBy,
];

const translate = (error: unknown) =>
  isUniqueViolation(error, 'script_templates_name_unique') ? scriptTemplateExists() : error;

export async function insertScriptTemplate(tx: Queryable, template: ScriptTemplate): Promise<void> {
  try {
    await tx.query(
      `INSERT INTO script_templates (id, name, canonical_name, operating_system, script, updated_at, updated_by,
                                     created_at, created_by)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
      [...values(template), template.createdAt, template.createdBy],
    );
  } catch (error) {
    throw translate(error);
  }
}

/** Replaces all but the id and who made it. False: there is none. */
export async function updateScriptTemplate(
  tx: Queryable,
  template: Omit<ScriptTemplate, 'createdAt' | 'createdBy'>,
): Promise<boolean> {
  try {
    const rows = await tx.query(
      `UPDATE script_templates SET name = $2, canonical_name = $3, operating_system = $4, script = $5,
                                   updated_at = $6, updated_by = $7
       WHERE id = $1 RETURNING id`,
      values(template),
    );
    return rows.length === 1;
  } catch (error) {
    throw translate(error);
  }
}

/** The name of what was deleted. Undefined: there was none. */
export async function deleteScriptTemplate(tx: Queryable, id: string): Promise<string | undefined> {
  try {
    const [row] = await tx.query<{ name: string }>(
      'DELETE FROM script_templates WHERE id = $1 RETURNING name',
      [id],
    );
    return row?.name;
  } catch (error) {
    throw isForeignKeyViolation(error, 'host_secrets_template_exists') ? scriptTemplateInUse() : error;
  }
}

export async function findScriptTemplate(db: Queryable, id: string): Promise<ScriptTemplate | undefined> {
  const [row] = await db.query<ScriptTemplate>(`${SELECT} WHERE id = $1`, [id]);
  return row;
}

export const listScriptTemplates = (db: Queryable): Promise<ScriptTemplate[]> =>
  db.query<ScriptTemplate>(`${SELECT} ORDER BY canonical_name`);
