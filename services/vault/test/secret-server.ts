import type { Answer, CallOptions, TestVault } from './support.ts';

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
