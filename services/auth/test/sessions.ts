import { randomUUID } from 'node:crypto';
import type { TokenSubject } from '../src/operations/token-signer.ts';
import type { Session } from '../src/domain/session.ts';
import type { Subject } from '../src/domain/subject.ts';

/** A session as a sign-in of this moment would leave it, for an hour. */
export function sessionOf(subject: Subject, now: Date, other: Partial<Session> = {}): Session {
  const later = new Date(now.getTime() + 3_600_000);
  return {
    id: randomUUID(),
    subject,
    sourceId: null,
    clientId: 'privx-ui',
    username: 'somebody',
    remoteAddress: '127.0.0.1',
    userAgent: '',
    scope: '',
    authTime: now,
    authMethods: ['pwd'],
    createdAt: now,
    updatedAt: now,
    expiresAt: later,
    tokenExpiresAt: later,
    endedAt: null,
    ...other,
  };
}

/** What a token of that session says. */
export const claimsFor = (
  { subject, clientId, username, authTime, authMethods }: Session,
  rights: { roles?: readonly string[]; permissions?: readonly string[] } = {},
): TokenSubject => ({
  sub: subject.id,
  client_id: clientId,
  kind: subject.kind,
  name: username,
  roles: [...(rights.roles ?? [])],
  permissions: [...(rights.permissions ?? [])],
  scope: '',
  auth_time: Math.floor(authTime.getTime() / 1_000),
  amr: [...authMethods],
  address: '',
});
