import { invalidField } from '@strongroom/errors/common-errors';
import { claimRule, type CustomAttribute } from './claim-rule.ts';
import { isAttributeType } from './distinguished-name.ts';
import type { Stamps } from './stamps.ts';
import { keyFromPem } from './verification-key.ts';

/** Whose JWTs are exchanged for tokens of ours (contract 1.5, 4.6). */
export interface IdentityProvider extends Stamps {
  readonly id: string;
  readonly name: string;
  /** `iss` of its tokens. */
  readonly issuer: string;
  readonly isEnabled: boolean;
  readonly document: IdentityProviderDocument;
}

/** What clients sent and want back unchanged. */
export interface IdentityProviderDocument {
  readonly token_type?: 'JWT' | '' | null;
  readonly jwt_audience: string;
  readonly jwt_subject_type: 'plain' | 'dn';
  readonly jwt_subject_dn_username_attribute?: string | null;
  readonly custom_attributes?: readonly CustomAttribute[] | null;
  readonly public_keys?: readonly { readonly key_id?: string | null; readonly public_key: string }[] | null;
  /**
   * `jwks` is our own addition. PrivX's `x5u` and `x5u-publickey` are not taken: the token itself would name the
   * place of the key that proves it.
   */
  readonly public_key_method: 'static' | 'jwks';
  readonly jwks_uri?: string | null;
  /** Whom to trust when keys are fetched (PEM); without it, whom Node trusts. */
  readonly x5u_tls_trust_anchor?: string | null;
  /** Id of the source that subjects are looked for in. */
  readonly users_directory: string;
}

/** Throws on what can never verify a token. */
export function checkIdentityProvider(document: IdentityProviderDocument): void {
  const attribute = document.jwt_subject_dn_username_attribute ?? '';
  if (document.jwt_subject_type === 'dn' && !isAttributeType(attribute)) {
    throw invalidField('jwt_subject_dn_username_attribute', 'An attribute type is required');
  }
  if (document.public_key_method === 'jwks' && !isKeySetUri(document.jwks_uri ?? '')) {
    throw invalidField('jwks_uri', 'An https URI without user and fragment is required');
  }
  const keys = document.public_keys ?? [];
  if (document.public_key_method === 'static' && keys.length === 0) {
    throw invalidField('public_keys', 'A public key is required', 'REQUIRED_VALUE_MISSING');
  }
  const wrongKey = keys.findIndex(({ public_key }) => keyFromPem('', public_key) === undefined);
  if (wrongKey !== -1) {
    throw invalidField(
      `public_keys.${wrongKey}.public_key`,
      'A public key is RSA of 2048 to 8192 bits or Ed25519, in PEM',
    );
  }
  const wrongRule = (document.custom_attributes ?? []).findIndex(rule => claimRule(rule) === undefined);
  if (wrongRule !== -1) {
    throw invalidField(`custom_attributes.${wrongRule}`, 'What its type needs is missing or makes no sense');
  }
}

function isKeySetUri(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, username, password, hash } = new URL(text);
  return protocol === 'https:' && username === '' && password === '' && hash === '';
}
