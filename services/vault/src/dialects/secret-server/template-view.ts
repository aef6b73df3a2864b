import { Members, OrNull, Type } from '@strongroom/schema/types';
import { FIELD_PASSWORD } from '../../domain/password-rule.ts';
import { isPasswordField, type Schema, type SchemaField } from '../../domain/schema.ts';
import { fieldIdOf } from './fields.ts';

const Field = Members({
  secretTemplateFieldId: Type.Integer(),
  fieldSlugName: Type.String({ description: "The schema's name of the field" }),
  displayName: Type.String(),
  name: Type.String(),
  description: Type.String(),
  listType: Type.String(),
  isFile: Type.Boolean(),
  isList: Type.Boolean(),
  isNotes: Type.Boolean(),
  isPassword: Type.Boolean({ description: 'Shown only on demand' }),
  isRequired: Type.Boolean(),
  isUrl: Type.Boolean(),
  isExpirationField: Type.Boolean(),
  isIndexable: Type.Boolean({ description: 'Always false: what secrets hold is not searched' }),
  editablePermission: Type.Integer(),
  editRequires: Type.String(),
  generatePasswordCharacterSet: OrNull(Type.String()),
  generatePasswordLength: OrNull(Type.Integer()),
  hideOnView: Type.Boolean(),
  historyLength: Type.Integer(),
  mustEncrypt: Type.Boolean({ description: 'Always true' }),
  passwordRequirementId: OrNull(Type.Integer()),
  passwordTypeFieldId: OrNull(Type.Integer()),
  sortOrder: Type.Integer(),
});

/** Clients cast to classes of exactly these members (contract 1.5). */
export const TemplateView = Members({
  id: Type.Integer(),
  name: Type.String(),
  passwordTypeId: OrNull(Type.Integer()),
  fields: Type.Array(Field),
});

export const TemplateSummary = Members({
  id: Type.Integer(),
  name: Type.String(),
  active: Type.Boolean(),
  heartbeatEnabled: Type.Boolean(),
  passwordTypeId: OrNull(Type.Integer()),
  passwordTypeReady: Type.Boolean(),
  secretCount: OrNull(Type.Integer()),
});

/** Text of several lines that all who may read may see. */
const isNotes = (field: SchemaField): boolean =>
  field.type === 'text' && field.multiline === true && field.masked !== true;

export const templateView = (schema: Schema) => ({
  id: schema.number,
  name: schema.title,
  passwordTypeId: null,
  fields: schema.properties.map((field, index) => templateField(schema, field, index)),
});

const templateField = (schema: Schema, field: SchemaField, index: number) => ({
  secretTemplateFieldId: fieldIdOf(schema.number, field.number),
  fieldSlugName: field.name,
  displayName: field.title,
  name: field.title,
  description: '',
  listType: 'None',
  isFile: field.type === 'file',
  isList: false,
  isNotes: isNotes(field),
  isPassword: isPasswordField(field),
  isRequired: field.required === true,
  isUrl: field.name === 'url',
  isExpirationField: false,
  isIndexable: false,
  editablePermission: 1,
  editRequires: 'Edit',
  generatePasswordCharacterSet: isPasswordField(field) ? FIELD_PASSWORD.alphabets.join('') : null,
  generatePasswordLength: isPasswordField(field) ? FIELD_PASSWORD.maxLength : null,
  hideOnView: false,
  historyLength: 0,
  mustEncrypt: true,
  passwordRequirementId: null,
  passwordTypeFieldId: null,
  sortOrder: index + 1,
});

export const templateSummary = (schema: Schema) => ({
  id: schema.number,
  name: schema.title,
  active: true,
  heartbeatEnabled: false,
  passwordTypeId: null,
  passwordTypeReady: false,
  secretCount: null,
});
