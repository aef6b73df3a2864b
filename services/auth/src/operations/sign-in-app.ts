import { AUDIT_EVENTS } from '@strongroom/contracts/audit';
import type { RequestInfo } from '@strongroom/contracts/caller';
import { hasErrorCode } from '@strongroom/errors/app-error';
import { OAuthError } from '@strongroom/errors/oauth-error';
import { TOKEN_AUDIENCE } from '@strongroom/auth-client/access-token';
import { isSameAddress } from '@strongroom/auth-client/address';
import { unauthenticated } from '@strongroom/errors/common-errors';
import { canonicalName } from '@strongroom/schema/text';
import type { AuthContext } from '../context.ts';
import { refusalOf, type ApiKey } from '../domain/api-key.ts';
import { apiKeyRefused } from '../domain/errors.ts';
import { apiKeyClient, SECRETS_SAFE_CLIENT } from '../domain/oauth-client.ts';
import { clientRefused, missingParameter } from '../domain/oauth-errors.ts';
import { digestOf } from '../domain/opaque-token.ts';
import { readPsAuth, type PsAuth } from '../domain/ps-auth.ts';
import type { Subject } from '../domain/subject.ts';
import { displayNameOf, emailOf } from '../domain/user-names.ts';
import { findApiClient } from '../store/api-clients.ts';
import { holdApiKeyByHash } from '../store/api-keys.ts';
import { findUser } from '../store/users.ts';
import { authenticateApiClient } from './authenticate-client.ts';
import { openApiClientSession } from './grant-token.ts';
import { findToken } from './inspect-token.ts';
import { openSession, type IssuedTokens } from './issue-tokens.ts';
import { admitSignIn } from './sign-in-throttle.ts';

/** Signing in by the dialect of Secrets Safe (contract secrets-safe.md 2). */

export interface ClientGrant {
  readonly grantType: string;
  readonly clientId: string;
  readonly clientSecret: string;
}

/** `Auth/connect/token`: API clients by id and secret. Not counted as guesses: nobody guesses 256 random bits. */
export async function grantToClient(
  ctx: AuthContext,
  request: RequestInfo,
  { grantType, clientId, clientSecret }: ClientGrant,
): Promise<IssuedTokens> {
  if (grantType === '') throw missingParameter('grant_type');
  if (grantType !== 'client_credentials') {
    throw new OAuthError('unsupported_grant_type', 'This grant type is not supported');
  }
  const apiClient = await authenticateApiClient(ctx, { id: clientId, secrets: [clientSecret] });
  if (apiClient === undefined) {
    const message = { reason: 'invalid_client' };
    await ctx.audit.write({ type: AUDIT_EVENTS.clientAuthenticationFailed, request, message });
    throw clientRefused();
  }
  return openApiClientSession(ctx, request, SECRETS_SAFE_CLIENT, apiClient, { grantType });
}

/** Whom a session is of, as its clients are told. */
export interface AppUser {
  readonly number: number;
  readonly username: string;
  readonly name: string;
  readonly email: string;
}

/** `Auth/SignAppIn`: the token of the session, and who is signed in. */
export async function signInApp(
  ctx: AuthContext,
  request: RequestInfo,
  authorization: string,
): Promise<{ token: string; user: AppUser }> {
  const bearer = /^Bearer (\S+)$/i.exec(authorization)?.[1];
  const session =
    bearer === undefined
      ? await openByKey(ctx, request, readPsAuth(authorization))
      : { token: bearer, subject: await holderOf(ctx, request, bearer) };
  const user = await findAppUser(ctx, session.subject);
  // Deleted since.
  if (user === undefined) throw unauthenticated();
  return { token: session.token, user };
}

/** A token opens no session beside its own: the cookie ends when it does. Services have none, and are nobody here. */
async function holderOf(ctx: AuthContext, request: RequestInfo, token: string): Promise<Subject> {
  const found = await findToken(ctx, token);
  if (found?.kind !== 'access' || found.session === undefined) throw unauthenticated();
  const { aud, address } = found.claims;
  const holdsHere = address === '' || isSameAddress(address, request.remoteAddress);
  if (aud !== TOKEN_AUDIENCE || !holdsHere) throw unauthenticated();
  return found.session.subject;
}

/**
 * The right key never waits, whoever guesses beside it: nobody guesses 512 random bits. What is refused counts as any
 * failed sign-in, under the name that was given.
 */
async function openByKey(
  ctx: AuthContext,
  request: RequestInfo,
  stated: PsAuth | undefined,
): Promise<{ token: string; subject: Subject }> {
  if (stated === undefined) throw apiKeyRefused();
  const outcome = await ctx.db.transaction(async tx => {
    // Whoever rotates or revokes waits for this session, and ends it; or is waited for, and the key is gone.
    const key = await holdApiKeyByHash(tx, digestOf(stated.key));
    if (key === undefined) return { reason: 'key' };
    const now = ctx.now();
    const reason = refusalOf(key, { runas: stated.runas, address: request.remoteAddress, now });
    if (reason !== undefined) return { reason, key };
    const signIn = {
      id: ctx.newId(),
      subject: { kind: key.subject.kind, id: key.subject.id },
      scope: '',
      authTime: now,
      authMethods: [],
    };
    const grant = { type: 'api_key', nonce: '' };
    const issued = await openSession(ctx, tx, request, apiKeyClient(key, now), signIn, grant);
    return issued === undefined
      ? { reason: 'disabled', key }
      : { token: issued.accessToken, subject: signIn.subject };
  });
  if (outcome.token === undefined) throw await refuse(ctx, request, stated, outcome);
  ctx.ring();
  return outcome;
}

async function refuse(
  ctx: AuthContext,
  request: RequestInfo,
  { runas }: PsAuth,
  { reason, key }: { reason: string; key?: ApiKey },
): Promise<unknown> {
  try {
    await admitSignIn(ctx, `api-key:${canonicalName(runas)}`, request.remoteAddress);
  } catch (error) {
    if (hasErrorCode(error, 'MAX_LOAD')) {
      await ctx.audit.write({ type: AUDIT_EVENTS.signInLimited, request });
    }
    return error;
  }
  await ctx.audit.write({
    type: AUDIT_EVENTS.apiKeyRefused,
    request,
    message: { reason, ...(key === undefined ? {} : { apiKeyID: key.id, apiKey: key.name }) },
  });
  return apiKeyRefused();
}

async function findAppUser(
  { db }: Pick<AuthContext, 'db'>,
  { kind, id }: Subject,
): Promise<AppUser | undefined> {
  if (kind === 'api-client') {
    const client = await findApiClient(db, id);
    return client && { number: client.number, username: client.name, name: client.name, email: '' };
  }
  const user = await findUser(db, id);
  return (
    user && {
      number: user.number,
      username: user.username,
      name: displayNameOf(user),
      email: emailOf(user),
    }
  );
}
