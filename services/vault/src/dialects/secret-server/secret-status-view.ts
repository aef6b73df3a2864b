import type { Caller } from '@strongroom/contracts/caller';
import { Members, OrNull, Type } from '@strongroom/schema/types';
import { mayAdminister, mayRead, mayWrite, type Secret } from '../../domain/secret.ts';
import type { SecretStatus } from '../../operations/secret-status.ts';
import { folderPathOf, lastSegment } from '../../domain/folder.ts';
import { nameInFolder, NO_FOLDER } from './secret-view.ts';
import { timeOf } from './summary-view.ts';

/*
 * What is around a secret's content, in exactly the members that PowerShell's classes know (contract 1.5, 5.7).
 */

export const StateView = Members({
  actions: Type.Array(Type.String()),
  checkedOutUserDisplayname: Type.String(),
  checkedOutUserId: Type.Integer(),
  checkOutIntervalMinutes: Type.Integer(),
  checkOutMinutesRemaining: Type.Integer(),
  folderId: Type.Integer(),
  folderName: Type.String(),
  id: Type.Integer(),
  isActive: Type.Boolean(),
  isCheckedOut: Type.Boolean(),
  isCheckedOutByCurrentUser: Type.Boolean(),
  passwordChangePending: Type.Boolean(),
  role: Type.String(),
  secretName: Type.String(),
  secretState: Type.String(),
});

export const stateView = (caller: Caller, { secret, isActive }: SecretStatus) => ({
  actions: actionsOf(caller, secret, isActive),
  checkedOutUserDisplayname: '',
  checkedOutUserId: 0,
  checkOutIntervalMinutes: 0,
  checkOutMinutesRemaining: 0,
  folderId: secret.folderNumber ?? NO_FOLDER,
  folderName: lastSegment(folderPathOf(secret.name) ?? ''),
  id: secret.number,
  isActive,
  isCheckedOut: false,
  isCheckedOutByCurrentUser: false,
  passwordChangePending: false,
  role: roleOf(caller, secret),
  secretName: nameInFolder(secret.name),
  secretState: stateOf(caller, secret, isActive),
});

function actionsOf(caller: Caller, secret: Secret, isActive: boolean): string[] {
  if (!isActive) return mayWrite(caller, secret) ? ['Undelete'] : [];
  return [
    ...(mayWrite(caller, secret) ? ['Edit', 'EditExpiration', 'Expire', 'Delete'] : []),
    ...(mayAdminister(caller, secret) ? ['EditShare', 'ViewShare'] : []),
  ];
}

function roleOf(caller: Caller, secret: Secret): string {
  if (mayAdminister(caller, secret)) return 'Owner';
  if (mayWrite(caller, secret)) return 'Edit';
  return 'View';
}

function stateOf(caller: Caller, secret: Secret, isActive: boolean): string {
  if (!isActive) return 'RequiresUndelete';
  return mayRead(caller, secret) ? 'None' : 'CannotView';
}

export const SettingsView = Members({
  expirationDate: OrNull(Type.String()),
  expirationDayInterval: Type.Integer(),
  expirationTemplateText: Type.String(),
  expirationType: Type.String({ description: 'SpecificDate, or Disabled' }),
  oneTimePasswordSettings: Type.Null(),
  rdpLauncherSettings: Type.Null(),
  sendEmailWhenChanged: Type.Boolean(),
  sendEmailWhenHeartbeatFails: Type.Boolean(),
  sendEmailWhenViewed: Type.Boolean(),
  sshLauncherSettings: Type.Null(),
});

export const settingsView = ({ expiresAt }: Pick<Secret, 'expiresAt'>) => ({
  expirationDate: expiresAt === undefined ? null : timeOf(expiresAt),
  expirationDayInterval: 0,
  expirationTemplateText: '',
  expirationType: expiresAt === undefined ? 'Disabled' : 'SpecificDate',
  oneTimePasswordSettings: null,
  rdpLauncherSettings: null,
  sendEmailWhenChanged: false,
  sendEmailWhenHeartbeatFails: false,
  sendEmailWhenViewed: false,
  sshLauncherSettings: null,
});

/**
 * A date as clients write one: in ISO 8601, in UTC where it does not say, or month first as .NET's invariant culture
 * has it. Undefined: it is none.
 */
export function parseDate(written: string): Date | undefined {
  const text = written.trim();
  const american = /^(\d{1,2})\/(\d{1,2})\/(\d{4})(?: 00:00:00)?$/.exec(text);
  const day =
    american === null
      ? /^(\d{4})-(\d\d)-(\d\d)(?=$|T)/.exec(text)?.slice(1, 4)
      : [american[3], american[1], american[2]].map(part => part?.padStart(2, '0'));
  if (day === undefined) return undefined;
  const time = american === null ? text.slice(10) : '';
  if (!/^(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:\d\d)?)?$/.test(time)) return undefined;
  const iso = `${day.join('-')}${time === '' ? 'T00:00:00' : time}`;
  const [date, midnight] = [
    new Date(/(?:Z|[+-]\d\d:\d\d)$/.test(iso) ? iso : `${iso}Z`),
    new Date(`${day.join('-')}T00:00:00Z`),
  ];
  if (Number.isNaN(date.getTime()) || Number.isNaN(midnight.getTime())) return undefined;
  // Date makes the 2nd of March of a 30th of February.
  return midnight.toISOString().startsWith(day.join('-')) ? date : undefined;
}
