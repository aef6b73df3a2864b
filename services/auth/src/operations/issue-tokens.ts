import { AUDIT_EVENTS, type AuditEventType } from '@strongroom/contracts/audit';
import type { RequestInfo } from '@strongroom/contracts/caller';
import type { Queryable } from '@strongroom/db/database';
import { TOKEN_AUDIENCE, USERINFO_AUDIENCE } from '@strongroom/auth-client/access-token';
import type { AuthContext } from '../context.ts';
import { idTokenClaims } from '../domain/id-token.ts';
import type { OAuthClient } from '../domain/oauth-client.ts';
import { digestOf, newOpaqueToken } from '../domain/opaque-token.ts';
import type { Session } from '../domain/session.ts';
import type { Rights } from '../domain/subject.ts';
import { insertRefreshToken } from '../store/refresh-tokens.ts';
import { insertSession, lockRights, renewSession } from '../store/sessions.ts';
import { identityOf } from './identity.ts';
import { rightsOf, startFloatingGrants } from './rights.ts';

export interface IssuedTokens {
  readonly accessToken: string;
  readonly expiresInSeconds: number;
  readonly refreshToken: string | undefined;
  readonly idToken: string | undefined;
  readonly scope: string;
}

/** Who signed in and how; the rest of a session follows from it. */
export type SignIn = Pick<Session, 'id' | 'subject' | 'scope' | 'authTime' | 'authMethods'>;

/** A role that ends sooner than this is left out, rather than cutting the token's life to nothing. */
const MIN_LIFETIME_MS = 30_000;

/**
 * Opens a session and issues its first tokens, in the caller's transaction: all of it or nothing. Undefined: the
 * subject was deleted or disabled meanwhile, or may not use this client any more.
 */
export async function openSession(
  ctx: AuthContext,
  tx: Queryable,
  request: RequestInfo,
  client: OAuthClient,
  signIn: SignIn,
  grant: { type: string; nonce: string },
): Promise<IssuedTokens | undefined> {
  const now = ctx.now();
  if (signIn.subject.kind === 'user') await startFloatingGrants(tx, signIn.subject.id, now);
  await lockRights(tx, 'shared');
  const identity = await identityOf(tx, signIn.subject, client);
  if (identity === undefined) return undefined;
  const lifetimeMs = (client.refreshSeconds ?? client.accessTokenSeconds) * 1_000;
  const draft: Session = {
    ...signIn,
    ...identity,
    clientId: client.id,
    remoteAddress: request.remoteAddress,
    userAgent: request.userAgent,
    createdAt: now,
    updatedAt: now,
    expiresAt: new Date(now.getTime() + lifetimeMs),
    tokenExpiresAt: now,
    endedAt: null,
  };
  const { rights, expiresAt } = await rightsForToken(tx, client, draft, request, now);
  const session = { ...draft, tokenExpiresAt: expiresAt };
  await insertSession(tx, session, rights.roles);
  await recordWithheld(ctx, tx, request, session, rights);
  return issue(ctx, tx, request, client, session, rights, now, {
    ...grant,
    audited: AUDIT_EVENTS.accessTokenGranted,
  });
}

/** New tokens for a session that lives, with the rights of now and here. Undefined: it, or its subject, is no more. */
export async function continueSession(
  ctx: AuthContext,
  tx: Queryable,
  request: RequestInfo,
  client: OAuthClient,
  session: Session,
): Promise<IssuedTokens | undefined> {
  const now = ctx.now();
  await lockRights(tx, 'shared');
  if ((await identityOf(tx, session.subject, client)) === undefined) return undefined;
  const { rights, expiresAt } = await rightsForToken(tx, client, session, request, now);
  if (!(await renewSession(tx, session.id, now, expiresAt, rights.roles))) return undefined;
  await recordWithheld(ctx, tx, request, session, rights);
  return issue(ctx, tx, request, client, { ...session, tokenExpiresAt: expiresAt }, rights, now, {
    type: 'refresh_token',
    nonce: '',
    audited: AUDIT_EVENTS.tokenRefreshed,
  });
}

const NO_RIGHTS: Rights = { roles: [], permissions: [], until: null, isBoundToAddress: false, withheld: [] };

async function rightsForToken(
  tx: Queryable,
  client: OAuthClient,
  session: Session,
  request: RequestInfo,
  now: Date,
): Promise<{ rights: Rights; expiresAt: Date }> {
  const latest = Math.min(now.getTime() + client.accessTokenSeconds * 1_000, session.expiresAt.getTime());
  if (!client.carriesRights) return { rights: NO_RIGHTS, expiresAt: new Date(latest) };
  const address = request.remoteAddress;
  let rights = await rightsOf(tx, session.subject, { now, address });
  if (rights.until !== null && rights.until.getTime() - now.getTime() < MIN_LIFETIME_MS) {
    rights = await rightsOf(tx, session.subject, { now: rights.until, address });
  }
  return { rights, expiresAt: new Date(Math.min(latest, rights.until?.getTime() ?? latest)) };
}

interface Grant {
  readonly type: string;
  readonly nonce: string;
  readonly audited: AuditEventType;
}

async function issue(
  ctx: AuthContext,
  tx: Queryable,
  request: RequestInfo,
  client: OAuthClient,
  session: Session,
  rights: Rights,
  now: Date,
  grant: Grant,
): Promise<IssuedTokens> {
  const { subject, scope, username } = session;
  const expiresInSeconds = Math.floor((session.tokenExpiresAt.getTime() - now.getTime()) / 1_000);
  const authTime = Math.floor(session.authTime.getTime() / 1_000);
  const accessToken = await ctx.signer.sign(
    {
      sub: subject.id,
      client_id: client.id,
      kind: subject.kind,
      name: username,
      roles: [...rights.roles],
      permissions: [...rights.permissions],
      scope,
      auth_time: authTime,
      amr: [...session.authMethods],
      address: rights.isBoundToAddress || client.bindsToAddress ? request.remoteAddress : '',
    },
    session.id,
    expiresInSeconds,
    { audience: client.carriesRights ? TOKEN_AUDIENCE : USERINFO_AUDIENCE },
  );
  const idToken = scope.split(' ').includes('openid')
    ? await ctx.signer.signIdToken(
        idTokenClaims(session, client, ctx.config.issuer, now, expiresInSeconds, grant.nonce, accessToken),
        client.idTokenAlgorithm,
      )
    : undefined;
  let refreshToken: string | undefined;
  if (client.refreshSeconds !== null) {
    refreshToken = newOpaqueToken();
    await insertRefreshToken(tx, digestOf(refreshToken), {
      sessionId: session.id,
      expiresAt: session.expiresAt,
    });
  }
  await ctx.audit.append(tx, {
    type: grant.audited,
    request,
    message: {
      userID: subject.id,
      username,
      sessionID: session.id,
      clientID: client.id,
      grantType: grant.type,
    },
  });
  return { accessToken, expiresInSeconds, refreshToken, idToken, scope };
}

async function recordWithheld(
  ctx: AuthContext,
  tx: Queryable,
  request: RequestInfo,
  session: Session,
  { withheld }: Rights,
): Promise<void> {
  for (const role of withheld) {
    await ctx.audit.append(tx, {
      type: AUDIT_EVENTS.roleContextRestricted,
      request,
      message: {
        userID: session.subject.id,
        username: session.username,
        sessionID: session.id,
        roleID: role.id,
        role: role.name,
      },
    });
  }
}
