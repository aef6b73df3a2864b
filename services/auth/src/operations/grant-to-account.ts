import { AUDIT_EVENTS } from '@strongroom/contracts/audit';
import type { RequestInfo } from '@strongroom/contracts/caller';
import { OAuthError } from '@strongroom/errors/oauth-error';
import type { AuthContext } from '../context.ts';
import { localAccountName, passwordReadings } from '../domain/account-name.ts';
import { SECRET_SERVER_CLIENT } from '../domain/oauth-client.ts';
import { grantRefused, missingParameter } from '../domain/oauth-errors.ts';
import {
  mfaRequired,
  mfaSetupRequired,
  passwordChangeRequired,
  secondFactorRefused,
} from '../domain/sign-in-step.ts';
import type { User } from '../domain/user.ts';
import { isUuid } from '../domain/uuid.ts';
import { authenticateApiClient } from './authenticate-client.ts';
import { authenticatePerson, signInRefused } from './authenticate-person.ts';
import { grantByRefreshToken } from './grant-by-refresh-token.ts';
import { openApiClientSession } from './grant-token.ts';
import { grantToSdkClient } from './grant-to-sdk-client.ts';
import { openSession, type IssuedTokens } from './issue-tokens.ts';
import { checkTotp, secondFactorsOf } from './second-factor.ts';
import { admitSignIn, recordSignInSuccess } from './sign-in-throttle.ts';

export interface AccountGrant {
  readonly grantType: string;
  readonly username: string;
  readonly password: string;
  readonly domain: string;
  readonly oneTimeCode: string | undefined;
  readonly refreshToken: string | undefined;
  readonly clientId: string;
  readonly clientSecret: string;
}

/**
 * The token endpoint of Secret Server's dialect (contract secret-server.md 3). Application accounts and API clients sign
 * in by it, and people, who pass the same factors as anywhere else.
 */
export async function grantToAccount(
  ctx: AuthContext,
  request: RequestInfo,
  grant: AccountGrant,
): Promise<IssuedTokens> {
  switch (grant.grantType.trim().toLowerCase()) {
    case '':
      throw missingParameter('grant_type');
    case 'password':
      return grantByPassword(ctx, request, grant);
    case 'refresh_token':
      return renew(ctx, request, grant.refreshToken);
    case 'client_credentials':
      return grantToSdkClient(ctx, request, { id: grant.clientId, secret: grant.clientSecret });
    default:
      throw new OAuthError('unsupported_grant_type', 'This grant type is not supported');
  }
}

async function grantByPassword(
  ctx: AuthContext,
  request: RequestInfo,
  grant: AccountGrant,
): Promise<IssuedTokens> {
  const username = localAccountName(grant.username, grant.domain);
  if (username === undefined) {
    await ctx.audit.write({ type: AUDIT_EVENTS.userLoginFailed, request, message: { reason: 'domain' } });
    throw signInRefused();
  }
  return isUuid(username)
    ? grantToApiClient(ctx, request, { username, password: grant.password })
    : grantToUser(ctx, request, { ...grant, username });
}

/** Its id and secret stand for user name and password. Not counted as guesses: nobody guesses 256 random bits. */
async function grantToApiClient(
  ctx: AuthContext,
  request: RequestInfo,
  { username, password }: Pick<AccountGrant, 'username' | 'password'>,
): Promise<IssuedTokens> {
  const apiClient = await authenticateApiClient(ctx, { id: username, secrets: [password] });
  if (apiClient === undefined) {
    await ctx.audit.write({
      type: AUDIT_EVENTS.clientAuthenticationFailed,
      request,
      message: { reason: 'invalid_grant' },
    });
    throw signInRefused();
  }
  return openApiClientSession(ctx, request, SECRET_SERVER_CLIENT, apiClient, { grantType: 'password' });
}

async function grantToUser(
  ctx: AuthContext,
  request: RequestInfo,
  { username, password, oneTimeCode }: AccountGrant,
): Promise<IssuedTokens> {
  const readings = passwordReadings(password);
  const user = await authenticatePerson(ctx, request, username, readings, { admitsApplications: true });
  const authMethods = ['pwd', ...(await passSecondFactor(ctx, request, user, oneTimeCode))];
  if (user.passwordChangeRequired) throw passwordChangeRequired();
  const client = SECRET_SERVER_CLIENT;
  const issued = await ctx.db.transaction(async tx => {
    const sessionId = ctx.newId();
    await ctx.audit.append(tx, {
      type: AUDIT_EVENTS.userLoggedIn,
      request,
      message: { userID: user.id, username: user.username, sessionID: sessionId, clientID: client.id },
    });
    return openSession(
      ctx,
      tx,
      request,
      client,
      {
        id: sessionId,
        subject: { kind: 'user', id: user.id },
        scope: '',
        authTime: ctx.now(),
        authMethods,
      },
      { type: 'password', nonce: '' },
    );
  });
  // Deleted or disabled between the check of the password and here.
  if (issued === undefined) throw grantRefused();
  ctx.ring();
  return issued;
}

/**
 * Whoever has set up a second factor is asked for it, application accounts too. Of the factors there are, the protocol
 * carries a one-time code alone.
 */
async function passSecondFactor(
  ctx: AuthContext,
  request: RequestInfo,
  user: User,
  oneTimeCode: string | undefined,
): Promise<readonly string[]> {
  const factors = await secondFactorsOf(ctx.db, user);
  if (factors.length === 0) {
    if (user.mfaRequired) throw mfaSetupRequired();
    return [];
  }
  if (oneTimeCode === undefined) throw mfaRequired(factors);
  const identity = `mfa:${user.id}`;
  await admitSignIn(ctx, identity, request.remoteAddress);
  const message = { userID: user.id, username: user.username };
  if (!(await checkTotp(ctx, user.id, oneTimeCode))) {
    await ctx.audit.write({ type: AUDIT_EVENTS.mfaFailed, request, message });
    throw secondFactorRefused();
  }
  await recordSignInSuccess(ctx, identity, request.remoteAddress);
  await ctx.audit.write({
    type: AUDIT_EVENTS.mfaSucceeded,
    request,
    message: { ...message, method: 'otp' },
  });
  return ['otp', 'mfa'];
}

async function renew(
  ctx: AuthContext,
  request: RequestInfo,
  refreshToken: string | undefined,
): Promise<IssuedTokens> {
  try {
    return await grantByRefreshToken(ctx, request, SECRET_SERVER_CLIENT, refreshToken);
  } catch (error) {
    if (error instanceof OAuthError) {
      await ctx.audit.write({
        type: AUDIT_EVENTS.tokenRefreshFailed,
        request,
        message: { reason: error.oauthCode },
      });
    }
    throw error;
  }
}
