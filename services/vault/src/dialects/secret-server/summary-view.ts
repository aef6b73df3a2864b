import { Members, Type } from '@strongroom/schema/types';
import { folderPathOf } from '../../domain/folder.ts';
import type { Schema } from '../../domain/schema.ts';
import type { Secret } from '../../domain/secret.ts';
import { nameInFolder, NO_FOLDER, NO_TEMPLATE } from './secret-view.ts';

/** What the platform does not do with a secret, in the values that say so (contract 4.3). */
const NOTHING_MORE = {
  autoChangeEnabled: false,
  checkedOut: false,
  checkOutEnabled: false,
  checkOutUserId: 0,
  checkOutUserName: '',
  doubleLockEnabled: false,
  extendedFields: [] as { name: string; value: string }[],
  hasLauncher: false,
  hidePassword: false,
  inheritsPermissions: true,
  isOutOfSync: false,
  isRestricted: false,
  lastAccessed: null,
  lastHeartBeatStatus: 'Disabled',
  lastPasswordChangeAttempt: null,
  outOfSyncReason: '',
  requiresApproval: false,
  requiresComment: false,
  responseCodes: [] as string[],
  siteId: 1,
};

export const SummaryView = Members({
  ...Object.fromEntries(Object.keys(NOTHING_MORE).map(name => [name, Type.Unsafe({})])),
  active: Type.Boolean(),
  createDate: Type.String(),
  daysUntilExpiration: Type.Union([Type.Integer(), Type.Null()]),
  folderId: Type.Integer(),
  folderPath: Type.String(),
  id: Type.Integer(),
  name: Type.String(),
  secretTemplateId: Type.Integer(),
  secretTemplateName: Type.String(),
});

/** The dialect's times: UTC, without saying so. */
export const timeOf = (date: Date): string => date.toISOString().slice(0, 19);

/** The dialect's paths begin with a backslash and are divided by such. */
export const backslashed = (path: string | undefined): string =>
  path === undefined ? '' : `\\${path.replaceAll('/', '\\')}`;

const DAY_MS = 24 * 3_600_000;

/** A secret without its content. */
export const summaryView = (secret: Secret, schema: Schema | undefined, active: boolean, now: Date) => ({
  ...NOTHING_MORE,
  active,
  createDate: timeOf(secret.createdAt),
  daysUntilExpiration:
    secret.expiresAt === undefined ? null : Math.floor((secret.expiresAt.getTime() - now.getTime()) / DAY_MS),
  folderId: secret.folderNumber ?? NO_FOLDER,
  folderPath: backslashed(folderPathOf(secret.name)),
  id: secret.number,
  name: nameInFolder(secret.name),
  secretTemplateId: schema?.number ?? NO_TEMPLATE,
  secretTemplateName: schema?.title ?? '',
});
