import { FOLDERS, SCHEMAS, uniqueName, type Answer, type CallOptions, type TestVault } from './support.ts';

/** Secret Server's API of an installation, as the gateway leads to it. */
export const API = '/SecretServer/api/v1';

/** `YYYY-MM-DDTHH:MM:SS` and nothing after it: what the Python SDK parses. */
export const DATE = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/;

export interface Item {
  itemId: number;
  fieldId: number;
  fieldName: string;
  slug: string;
  itemValue: string;
  isFile: boolean;
  isNotes: boolean;
  isPassword: boolean;
  fileAttachmentId: number | null;
  filename: string | null;
}

export interface ServedSecret {
  id: number;
  name: string;
  folderId: number;
  secretTemplateId: number;
  active: boolean;
  items: Item[];
  [member: string]: unknown;
}

export const secretOf = (answer: Answer): ServedSecret => answer.body as unknown as ServedSecret;

export const itemOf = (secret: ServedSecret, slug: string): Item => {
  const item = secret.items.find(one => one.slug === slug);
  if (item === undefined) throw new Error('no such item');
  return item;
};

export const caller = (vault: TestVault) => (method: string, path: string, options?: CallOptions) =>
  vault.call(method, `${API}${path}`, options);

/** The members that a class of PowerShell's module knows: one more, and its cast fails (contract 1.5, 4.1). */
export const SECRET_MEMBERS =
  `accessRequestWorkflowMapId active allowOwnersUnrestrictedSshCommands autoChangeEnabled
  autoChangeNextPassword checkedOut checkOutChangePasswordEnabled checkOutEnabled checkOutIntervalMinutes
  checkOutMinutesRemaining checkOutUserDisplayName checkOutUserId doubleLockId enableInheritPermissions
  enableInheritSecretPolicy failedPasswordChangeAttempts folderId id isDoubleLock isOutOfSync isRestricted items
  jumpboxRouteId lastHeartBeatCheck lastHeartBeatStatus lastPasswordChangeAttempt launcherConnectAsSecretId name
  outOfSyncReason passwordTypeWebScriptId proxyEnabled requiresApprovalForAccess requiresComment responseCodes
  restrictSshCommands secretPolicyId secretTemplateId secretTemplateName sessionRecordingEnabled siteId
  webLauncherRequiresIncognitoMode`.split(/\s+/);

export const ITEM_MEMBERS =
  `itemId fieldId fieldName fieldDescription slug itemValue isFile isNotes isPassword isList
  listType fileAttachmentId filename`.split(/\s+/);

/** What the tests of writing stand on: a folder whose role the caller holds, and templates by their names. */
export interface Fixture {
  readonly folder: { readonly path: string; readonly number: number };
  /** Number of the template, and of each of its fields. */
  readonly template: (name: string) => { id: number; field: (slug: string) => number };
}

export async function fixtureOf(vault: TestVault): Promise<Fixture> {
  const path = uniqueName('team');
  const roles = { read_roles: [vault.role], write_roles: [vault.role] };
  const made = await vault.call('POST', FOLDERS, { body: { path, ...roles } });
  if (made.status !== 201) throw new Error('no folder could be made');
  const schemas = (await vault.call('GET', SCHEMAS)).body as unknown as {
    name: string;
    number: number;
    properties: { name: string; number: number }[];
  }[];
  return {
    folder: { path, number: Number(made.body['number']) },
    template(name) {
      const schema = schemas.find(one => one.name === name);
      if (schema === undefined) throw new Error('no such template');
      return {
        id: schema.number,
        field(slug) {
          const field = schema.properties.find(one => one.name === slug);
          if (field === undefined) throw new Error('no such field');
          return schema.number * 256 + field.number;
        },
      };
    },
  };
}

/** A form with one file, as Go's SDK writes it. */
export function fileForm(
  fileName: string,
  content: Buffer | string,
): { body: Buffer; headers: Record<string, string> } {
  const boundary = 'b0a1c2d3e4f5';
  const head = `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="${fileName}"\r\nContent-Type: application/octet-stream\r\n\r\n`;
  return {
    body: Buffer.concat([Buffer.from(head), Buffer.from(content), Buffer.from(`\r\n--${boundary}--\r\n`)]),
    headers: { 'content-type': `multipart/form-data; boundary=${boundary}` },
  };
}
