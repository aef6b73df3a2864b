import { Choice, Members, Type } from '@strongroom/schema/types';
import { folderPathOf } from '../../domain/folder.ts';
import type { Schema } from '../../domain/schema.ts';
import type { Secret, SecretData } from '../../domain/secret.ts';
import { fieldsOf, FILE_PLACEHOLDER, fileIn, textOf, type Field } from './fields.ts';

/*
 * Secrets on the wire (contract 4.1, 4.2): exactly these members, since some clients put them into classes of their own
 * that know no others (1.5).
 */

const nullableInteger = Type.Union([Type.Integer(), Type.Null()]);
const nullableText = Type.Union([Type.String(), Type.Null()]);

export const ItemView = Members({
  itemId: nullableInteger,
  fieldId: Type.Integer(),
  fieldName: Type.String(),
  fieldDescription: Type.String(),
  slug: Type.String(),
  itemValue: nullableText,
  isFile: Type.Boolean(),
  isNotes: Type.Boolean(),
  isPassword: Type.Boolean(),
  isList: Type.Boolean(),
  listType: Choice('None', 'Generic', 'URL'),
  fileAttachmentId: nullableInteger,
  filename: nullableText,
});

/** What the platform does not do with a secret, in the values that say so. The dates are the dialect's for "never". */
const NEVER = '0001-01-01T00:00:00';
const NOTHING_MORE = {
  accessRequestWorkflowMapId: null,
  allowOwnersUnrestrictedSshCommands: false,
  autoChangeEnabled: false,
  autoChangeNextPassword: null,
  checkedOut: false,
  checkOutChangePasswordEnabled: false,
  checkOutEnabled: false,
  checkOutIntervalMinutes: 0,
  checkOutMinutesRemaining: 0,
  checkOutUserDisplayName: '',
  checkOutUserId: 0,
  doubleLockId: 0,
  enableInheritPermissions: true,
  enableInheritSecretPolicy: false,
  failedPasswordChangeAttempts: 0,
  isDoubleLock: false,
  isOutOfSync: false,
  isRestricted: false,
  jumpboxRouteId: null,
  lastHeartBeatCheck: NEVER,
  lastHeartBeatStatus: 'Disabled',
  lastPasswordChangeAttempt: NEVER,
  launcherConnectAsSecretId: -1,
  outOfSyncReason: '',
  passwordTypeWebScriptId: -1,
  proxyEnabled: false,
  requiresApprovalForAccess: false,
  requiresComment: false,
  responseCodes: [] as string[],
  restrictSshCommands: false,
  secretPolicyId: -1,
  sessionRecordingEnabled: false,
  siteId: 1,
  webLauncherRequiresIncognitoMode: false,
};

export const SecretView = Members({
  ...Object.fromEntries(Object.keys(NOTHING_MORE).map(name => [name, Type.Unsafe({})])),
  active: Type.Boolean(),
  folderId: Type.Integer({ description: '-1: at the top' }),
  id: Type.Integer(),
  items: Type.Array(ItemView),
  name: Type.String({ description: 'Without its folder' }),
  secretTemplateId: Type.Integer({ description: '0: the secret follows no schema' }),
  secretTemplateName: Type.String(),
});

export const NO_FOLDER = -1;
export const NO_TEMPLATE = 0;

/** The part of a secret's name that is no folder. */
export function nameInFolder(name: string): string {
  const folder = folderPathOf(name);
  return folder === undefined ? name : name.slice(folder.length + 1);
}

/** With its content, or without: then no item has a value. */
export const secretView = (
  secret: Secret,
  schema: Schema | undefined,
  content: { readonly active: boolean; readonly data: SecretData },
) => ({
  ...NOTHING_MORE,
  active: content.active,
  folderId: secret.folderNumber ?? NO_FOLDER,
  id: secret.number,
  items: fieldsOf(secret, schema, content.data).map(field => itemView(field, content.data)),
  name: nameInFolder(secret.name),
  secretTemplateId: schema?.number ?? NO_TEMPLATE,
  secretTemplateName: schema?.title ?? '',
});

/** A secret of this template that is not made yet. */
export const stubView = (schema: Schema, folderId: number) => ({
  ...NOTHING_MORE,
  active: true,
  folderId,
  id: 0,
  items: fieldsOf({ number: 0 }, schema, {}).map(field => ({
    ...itemView(field, {}),
    itemId: null,
    itemValue: null,
  })),
  name: '',
  secretTemplateId: schema.number,
  secretTemplateName: schema.title,
});

/** One item per field, also where there is nothing in it. */
export function itemView(field: Field, data: SecretData) {
  const file = fileIn(data, field.slug);
  const value = Object.hasOwn(data, field.slug) ? data[field.slug] : undefined;
  return {
    itemId: field.itemId,
    fieldId: field.fieldId,
    fieldName: field.title,
    fieldDescription: '',
    slug: field.slug,
    itemValue: file === undefined ? textOf(value) : FILE_PLACEHOLDER,
    isFile: field.isFile,
    isNotes: field.isNotes,
    isPassword: field.isPassword,
    isList: false,
    listType: 'None',
    // Not 0: some clients download whatever is not null.
    fileAttachmentId: file?.number ?? null,
    filename: file?.name ?? null,
  };
}
