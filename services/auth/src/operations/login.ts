import { AUDIT_EVENTS } from '@strongroom/contracts/audit';
import type { RequestInfo } from '@strongroom/contracts/caller';
import type { OAuthError } from '@strongroom/errors/oauth-error';
import type { AuthContext } from '../context.ts';
import { callbackUrl } from '../domain/authorization.ts';
import { apiClientRefused } from '../domain/oauth-errors.ts';
import { digestOf, newOpaqueToken } from '../domain/opaque-token.ts';
import {
  mfaRequired,
  mfaSetupRequired,
  notForThisPerson,
  passwordChangeRequired,
  signInExpired,
} from '../domain/sign-in-step.ts';
import { isUuid } from '../domain/uuid.ts';
import type { Subject } from '../domain/subject.ts';
import { passesFilter } from '../domain/user-attributes.ts';
import type { User } from '../domain/user.ts';
import { insertAuthorizationCode } from '../store/authorization-codes.ts';
import {
  deleteAuthorizationRequest,
  findAuthorizationRequest,
  recordFactor,
  type AuthorizationRequest,
} from '../store/authorization-requests.ts';
import { authenticateApiClient } from './authenticate-client.ts';
import { authenticatePerson } from './authenticate-person.ts';
import { findOAuthClient } from './oauth-clients.ts';
import { secondFactorsOf } from './second-factor.ts';

/** How long a person may take for each step (contract 1.3). */
export const REQUEST_LIFETIME_MS = 300_000;
const CODE_LIFETIME_MS = 60_000;

/** What the client takes to the token endpoint. All texts: one of PrivX's clients reads a map of strings. */
export interface CompletedSignIn {
  readonly code: string;
  readonly state: string;
  /** The whole callback URL, for pages that send the browser there. */
  readonly redirect_to: string;
}

/**
 * `POST /login` (contract 1.3): the first factor. `username` and `password` are a person's, or an API client's id
 * and secret. What is still missing then is told as an error: see nextStep.
 */
export async function logIn(
  ctx: AuthContext,
  request: RequestInfo,
  input: { token: string; username: string; password: string },
): Promise<CompletedSignIn> {
  const pending = await requirePending(ctx, input.token);
  if (isUuid(input.username)) return logInApiClient(ctx, request, pending, input);
  const user = await authenticatePerson(ctx, request, input.username, input.password);
  const authMethods = ['pwd'];
  return completeOrAsk(ctx, request, { ...pending, userId: user.id, authMethods }, user);
}

async function logInApiClient(
  ctx: AuthContext,
  request: RequestInfo,
  pending: AuthorizationRequest,
  { username, password }: { username: string; password: string },
): Promise<CompletedSignIn> {
  const client = await findOAuthClient(ctx, pending.clientId);
  // Programs act here with their roles; applications that identify people have no use for them.
  if (!client?.carriesRights) throw apiClientRefused();
  // Not counted as guesses: nobody guesses 256 random bits, and many jobs may sign in as one program at once.
  const apiClient = await authenticateApiClient(ctx, { id: username, secrets: [password] });
  if (apiClient === undefined) {
    await ctx.audit.write({
      type: AUDIT_EVENTS.clientAuthenticationFailed,
      request,
      message: { reason: 'invalid_grant' },
    });
    throw apiClientRefused();
  }
  const subject = { kind: 'api-client', id: apiClient.id } as const;
  return complete(ctx, request, pending, subject, apiClient.name);
}

export async function requirePending(ctx: AuthContext, token: string): Promise<AuthorizationRequest> {
  const pending = await findAuthorizationRequest(ctx.db, digestOf(token), ctx.now());
  if (pending === undefined) throw signInExpired();
  return pending;
}

/** Remembers how far the person has come, and gives time for the next step. */
export const passFactor = (
  ctx: AuthContext,
  pending: AuthorizationRequest,
  userId: string,
  authMethods: readonly string[],
): Promise<void> =>
  recordFactor(
    ctx.db,
    pending.tokenHash,
    userId,
    authMethods,
    new Date(ctx.now().getTime() + REQUEST_LIFETIME_MS),
  );

/**
 * The rest of a person's sign-in, in this order: the second factor, then a password that must be changed, so that
 * a stolen password is not enough to set a new one; last a second factor that is demanded and not set up, since
 * its recovery codes are shown with the answer that completes.
 */
export async function completeOrAsk(
  ctx: AuthContext,
  request: RequestInfo,
  pending: AuthorizationRequest,
  user: User,
): Promise<CompletedSignIn> {
  const missing = await missingStep(ctx, pending, user);
  if (missing === undefined) {
    return complete(ctx, request, pending, { kind: 'user', id: user.id }, user.username);
  }
  await passFactor(ctx, pending, user.id, pending.authMethods);
  throw missing;
}

async function missingStep(
  ctx: AuthContext,
  { clientId, authMethods }: AuthorizationRequest,
  user: User,
): Promise<OAuthError | undefined> {
  const client = await findOAuthClient(ctx, clientId);
  if (client === undefined) return signInExpired();
  if (!passesFilter(client.userFilter, user)) return notForThisPerson();
  const hasPassedMfa = authMethods.includes('mfa');
  const factors = hasPassedMfa ? [] : await secondFactorsOf(ctx.db, user);
  if (factors.length > 0) return mfaRequired(factors);
  if (user.passwordChangeRequired && authMethods.includes('pwd')) return passwordChangeRequired();
  return user.mfaRequired && !hasPassedMfa ? mfaSetupRequired() : undefined;
}

async function complete(
  ctx: AuthContext,
  request: RequestInfo,
  pending: AuthorizationRequest,
  subject: Subject,
  name: string,
): Promise<CompletedSignIn> {
  const code = newOpaqueToken();
  const sessionId = ctx.newId();
  const now = ctx.now();
  await ctx.db.transaction(async tx => {
    if (!(await deleteAuthorizationRequest(tx, pending.tokenHash))) throw signInExpired();
    await insertAuthorizationCode(tx, {
      codeHash: digestOf(code),
      sessionId,
      clientId: pending.clientId,
      redirectUri: pending.redirectUri,
      codeChallenge: pending.codeChallenge,
      scope: pending.scope,
      nonce: pending.nonce,
      subject,
      authTime: now,
      authMethods: pending.authMethods,
      expiresAt: new Date(now.getTime() + CODE_LIFETIME_MS),
    });
    await ctx.audit.append(tx, {
      type: AUDIT_EVENTS.userLoggedIn,
      request,
      message: { userID: subject.id, username: name, sessionID: sessionId, clientID: pending.clientId },
    });
  });
  ctx.ring();
  const { state } = pending;
  return {
    code,
    state,
    redirect_to: callbackUrl(pending.redirectUri, ctx.config.issuer, { code, state }),
  };
}
