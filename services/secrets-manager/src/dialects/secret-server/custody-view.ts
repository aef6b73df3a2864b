import type { Caller } from '@strongroom/contracts/caller';
import type { HeartbeatStatus } from '../../domain/heartbeat.ts';
import type { Custody } from '../../operations/read-custody.ts';

type View = Readonly<Record<string, unknown>>;

const MINUTE_MS = 60_000;

const HEARTBEATS: Readonly<Record<HeartbeatStatus, string>> = {
  opens: 'Success',
  refused: 'Failed',
  unreachable: 'UnableToConnect',
  unknown: 'UnknownError',
};

const heartbeatOf = ({ heartbeat }: Custody): string =>
  heartbeat.at === null ? 'Pending' : HEARTBEATS[heartbeat.status];

/** Vault's summary of the secret, with what it does not know (contract 4.3). Users have no numbers here. */
export const summaryWith = (view: View, caller: Caller, custody: Custody): View => ({
  ...view,
  autoChangeEnabled: true,
  checkOutEnabled: true,
  checkedOut: isCheckedOut(custody),
  checkOutUserName: custody.own === undefined ? '' : caller.name,
  isOutOfSync: custody.heartbeat.status === 'refused',
  lastHeartBeatStatus: heartbeatOf(custody),
});

/** The same of its state (5.7), in the members that PowerShell's class knows (1.5). */
export const stateWith = (view: View, caller: Caller, custody: Custody, now: Date): View => ({
  ...view,
  actions: [...(Array.isArray(view['actions']) ? (view['actions'] as unknown[]) : []), ...actionsOf(custody)],
  checkOutIntervalMinutes: Math.floor(custody.maxDurationMs / MINUTE_MS),
  checkOutMinutesRemaining:
    custody.own === undefined
      ? 0
      : Math.max(0, Math.ceil((custody.own.expiresAt.getTime() - now.getTime()) / MINUTE_MS)),
  checkedOutUserDisplayname: custody.own === undefined ? '' : caller.name,
  isCheckedOut: isCheckedOut(custody),
  isCheckedOutByCurrentUser: custody.own !== undefined,
  passwordChangePending: custody.isChangePending,
});

const isCheckedOut = ({ own, isTaken }: Custody): boolean => own !== undefined || isTaken;

function actionsOf({ own, isTaken, mayUse, mayManage }: Custody): string[] {
  return [
    ...(mayUse && own === undefined && !isTaken ? ['Checkout'] : []),
    ...(own === undefined ? [] : ['Checkin']),
    ...(mayManage ? ['ForceCheckin', 'Heartbeat', 'ChangePasswordNow'] : []),
  ];
}
