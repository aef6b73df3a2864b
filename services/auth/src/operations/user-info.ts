import { permissionDenied, unauthenticated } from '@strongroom/errors/common-errors';
import type { AuthContext } from '../context.ts';
import { userClaims } from '../domain/user-claims.ts';
import { findUser } from '../store/users.ts';
import { findToken } from './inspect-token.ts';
import { findOAuthClient } from './oauth-clients.ts';

/** OpenID Connect Core, 5.3. The token is one that opens this endpoint alone, or one of PrivX's own clients. */
export async function readUserInfo(
  ctx: AuthContext,
  authorization: string | undefined,
): Promise<Record<string, unknown>> {
  const token = /^Bearer ([A-Za-z0-9._-]{1,16384})$/i.exec(authorization ?? '')?.[1];
  const found = token === undefined ? undefined : await findToken(ctx, token);
  if (found?.kind !== 'access' || found.session === undefined) throw unauthenticated();
  const { session } = found;
  if (session.subject.kind !== 'user' || !session.scope.split(' ').includes('openid')) {
    throw permissionDenied('The token was not asked for with the scope openid');
  }
  const user = await findUser(ctx.db, session.subject.id);
  const client = await findOAuthClient(ctx, session.clientId);
  if (user === undefined || client === undefined) throw unauthenticated();
  return userClaims(user, session.scope, client.attributeMapping);
}
