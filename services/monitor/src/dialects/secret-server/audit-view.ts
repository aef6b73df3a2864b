import { Members, Type } from '@strongroom/schema/types';
import { ACTIONS, type SecretAudit } from '../../domain/secret-audits.ts';

/** The members that PowerShell's class knows (contract secret-server.md 1.5, 5.8): one more, and its cast fails. */
export const AuditView = Members({
  action: Type.String(),
  actionForDisplay: Type.String(),
  byUserDisplayName: Type.String(),
  databaseName: Type.String(),
  dateRecorded: Type.String({ description: 'UTC, without saying so' }),
  hasProxySessionData: Type.Boolean(),
  id: Type.Integer(),
  notes: Type.String(),
  recordingMessage: Type.String(),
  recordingSessionId: Type.String(),
  recordingStatus: Type.Integer(),
  status: Type.String(),
  ticketNumber: Type.String(),
  username: Type.String(),
});

/** Who did what and when, and what they said of it. From where and in which session is for readers of the trail. */
export function auditView({ position, created, code, name, message }: SecretAudit) {
  const action = ACTIONS.get(code) ?? name;
  const username = message['username'] ?? '';
  return {
    action,
    actionForDisplay: action,
    byUserDisplayName: username,
    databaseName: '',
    dateRecorded: created.toISOString().slice(0, 19),
    hasProxySessionData: false,
    id: position,
    notes: message['comment'] ?? '',
    recordingMessage: '',
    recordingSessionId: '',
    recordingStatus: 0,
    status: '',
    ticketNumber: message['ticketNumber'] ?? '',
    username,
  };
}
