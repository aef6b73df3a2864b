import { compactVerify } from 'jose';
import { OAuthError } from '@strongroom/errors/oauth-error';
import { isLine } from '@strongroom/schema/text';
import type { AuthContext } from '../context.ts';
import { claimRule, satisfies } from '../domain/claim-rule.ts';
import { onlyAttribute, parseDistinguishedName } from '../domain/distinguished-name.ts';
import {
  checkTimes,
  member,
  parseExternalToken,
  TokenRefused,
  type ExternalToken,
} from '../domain/external-token.ts';
import type { IdentityProvider } from '../domain/identity-provider.ts';
import { keyFromPem, type VerificationKey } from '../domain/verification-key.ts';
import { findExternalSubject, type ExternalSubject } from '../store/external-subjects.ts';
import { findEnabledProviders } from '../store/identity-providers.ts';

export interface ExternalIdentity {
  user: ExternalSubject;
  provider: { id: string; name: string };
}

/**
 * Finds the person whom another issuer's JWT names (contract 1.5). A token works any number of times until it
 * expires: clients send the same one again whenever ours runs out.
 *
 * `remoteAddress` is where the token comes from; without it no provider is satisfied that asks for it.
 */
export async function verifyExternalToken(
  ctx: Pick<AuthContext, 'db' | 'log' | 'now' | 'remoteKeys'>,
  text: string,
  remoteAddress = '',
): Promise<ExternalIdentity> {
  try {
    const token = parseExternalToken(text);
    const provider = await findProvider(ctx, token);
    await checkSignature(ctx, provider, token, text);
    checkTimes(token.times, ctx.now());
    checkCustomAttributes(provider, token, remoteAddress);
    const username = usernameOf(provider, token.subject);
    const user = await findExternalSubject(ctx.db, provider.document.users_directory, username);
    if (user === undefined) throw new TokenRefused('nobody of that name can sign in');
    return { user, provider: { id: provider.id, name: provider.name } };
  } catch (error) {
    if (!(error instanceof TokenRefused)) throw error;
    ctx.log.info('an external token was refused', { reason: error.message });
    throw new OAuthError('invalid_grant', 'The external token is not valid here');
  }
}

/** By who issued the token and for whom. Two that answer for it would be two answers, so neither does. */
async function findProvider(ctx: Pick<AuthContext, 'db'>, token: ExternalToken): Promise<IdentityProvider> {
  const providers = await findEnabledProviders(ctx.db, token.issuer);
  const [provider, ...others] = providers.filter(({ document }) =>
    token.audiences.includes(document.jwt_audience),
  );
  if (provider === undefined) throw new TokenRefused('no provider has this issuer and audience');
  if (others.length > 0) throw new TokenRefused('several providers have this issuer and audience');
  return provider;
}

async function checkSignature(
  ctx: Pick<AuthContext, 'remoteKeys'>,
  provider: IdentityProvider,
  { algorithm, keyId }: ExternalToken,
  text: string,
): Promise<void> {
  const keys = (await keysOf(ctx, provider, keyId)).filter(
    key => key.algorithm === algorithm && (keyId === undefined || key.keyId === '' || key.keyId === keyId),
  );
  for (const { key } of keys) {
    try {
      await compactVerify(text, key, { algorithms: ['RS256', 'EdDSA', 'Ed25519'] });
      return;
    } catch {
      // Without a kid, or with one that two keys bear, the next one may be it.
    }
  }
  throw new TokenRefused(keys.length === 0 ? 'the provider has no such key' : 'the signature is wrong');
}

async function keysOf(
  ctx: Pick<AuthContext, 'remoteKeys'>,
  { document }: IdentityProvider,
  keyId: string | undefined,
): Promise<readonly VerificationKey[]> {
  if (document.public_key_method === 'jwks') {
    const anchor = document.x5u_tls_trust_anchor ?? '';
    const ca = anchor === '' ? undefined : anchor;
    return ctx.remoteKeys.find({ url: document.jwks_uri ?? '', ca }, keyId);
  }
  return (document.public_keys ?? [])
    .map(({ key_id, public_key }) => keyFromPem(key_id ?? '', public_key))
    .filter(key => key !== undefined);
}

function checkCustomAttributes(
  { document }: IdentityProvider,
  { claims }: ExternalToken,
  remoteAddress: string,
): void {
  for (const attribute of document.custom_attributes ?? []) {
    const rule = claimRule(attribute);
    if (rule === undefined || !satisfies(rule, member(claims, attribute.field_name), remoteAddress)) {
      throw new TokenRefused('a custom attribute is not as demanded');
    }
  }
}

function usernameOf({ document }: IdentityProvider, subject: string): string {
  if (document.jwt_subject_type === 'plain') return subject;
  const attributes = parseDistinguishedName(subject) ?? [];
  const username = onlyAttribute(attributes, document.jwt_subject_dn_username_attribute ?? '');
  if (username === undefined || !isLine(username)) {
    throw new TokenRefused('the subject has no such attribute, or several');
  }
  return username;
}
