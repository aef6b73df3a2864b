import { compactVerify } from 'jose';
import { AUDIT_EVENTS } from '@strongroom/contracts/audit';
import type { RequestInfo } from '@strongroom/contracts/caller';
import { OAuthError } from '@strongroom/errors/oauth-error';
import { bodyParser } from '@strongroom/schema/parser';
import { Type, Uuid } from '@strongroom/schema/types';
import type { AuthContext } from '../context.ts';
import { endSessions } from './effects-at-once.ts';
import { findOAuthClient } from './oauth-clients.ts';

export interface EndSessionInput {
  readonly id_token_hint?: string | undefined;
  readonly client_id?: string | undefined;
  readonly post_logout_redirect_uri?: string | undefined;
  readonly state?: string | undefined;
}

const parseHint = bodyParser(
  Type.Object({
    iss: Type.String(),
    aud: Type.Union([Type.String(), Type.Array(Type.String(), { minItems: 1 })]),
    sid: Uuid,
  }),
);

const invalid = (message: string) => new OAuthError('invalid_request', message);

/**
 * OpenID Connect RP-Initiated Logout 1.0. The ID token names the session, also after it has expired; without one
 * there is nothing to end, since no cookie is kept. Answers where to send the person: to the logout URI that the application
 * named, which must be one of its own, else to its default one.
 */
export async function endSessionByIdToken(
  ctx: AuthContext,
  request: RequestInfo,
  input: EndSessionInput,
): Promise<string | undefined> {
  const hint = input.id_token_hint === undefined ? undefined : await readHint(ctx, input.id_token_hint);
  if (hint !== undefined && input.client_id !== undefined && input.client_id !== hint.aud) {
    throw invalid('The ID token was issued to another client');
  }
  const target = await logoutTarget(ctx, hint?.aud ?? input.client_id, input);
  if (hint !== undefined) {
    await ctx.db.transaction(async tx => {
      const ended = await endSessions(ctx, tx, { id: hint.sid });
      await ctx.audit.append(tx, {
        type: AUDIT_EVENTS.userLoggedOut,
        request,
        message: { sessionID: hint.sid, clientID: hint.aud, count: String(ended.length) },
      });
    });
    ctx.ring();
  }
  return target;
}

async function readHint(ctx: AuthContext, idToken: string): Promise<{ aud: string; sid: string }> {
  try {
    const { payload, protectedHeader } = await compactVerify(idToken, ctx.signer.verificationKey, {
      algorithms: ['EdDSA', 'RS256'],
    });
    const claims = parseHint(JSON.parse(Buffer.from(payload).toString('utf8')));
    // An access token names a session, too, and is no ID token.
    if (protectedHeader.typ === 'JWT' && claims.iss === ctx.config.issuer) {
      const [clientId = ''] = [claims.aud].flat();
      return { aud: clientId, sid: claims.sid };
    }
  } catch (error) {
    ctx.log.debug('an ID token hint does not verify', {
      reason: error instanceof Error ? error.name : 'unknown',
    });
  }
  throw invalid('The ID token is not one of ours');
}

async function logoutTarget(
  ctx: AuthContext,
  clientId: string | undefined,
  input: EndSessionInput,
): Promise<string | undefined> {
  const client = clientId === undefined ? undefined : await findOAuthClient(ctx, clientId);
  const wanted = input.post_logout_redirect_uri ?? client?.defaultLogoutRedirectUri;
  if (wanted === undefined) return undefined;
  if (!client?.logoutRedirectUris.includes(wanted)) {
    throw invalid('The logout redirect URI is not one of the client');
  }
  const url = new URL(wanted);
  if (input.state !== undefined) url.searchParams.set('state', input.state);
  return url.href;
}
