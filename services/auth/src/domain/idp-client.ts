import type { Stamps } from './stamps.ts';

/** An application that signs people in through us (OpenID Connect; contract 1.7). */
export interface IdpClient extends Stamps {
  readonly id: string;
  readonly name: string;
  /** The `client_id` of OAuth 2.0; ours, not the application's choice. */
  readonly clientId: string;
  readonly sealedSecret: Buffer;
  readonly isEnabled: boolean;
  /** Compared as they stand. */
  readonly redirectUris: readonly string[];
  readonly logoutRedirectUris: readonly string[];
  /** Where a sign-out ends that names no place; one of `logoutRedirectUris`. */
  readonly defaultLogoutRedirectUri: string | undefined;
  /** What it may ask for; `openid` is always among them. */
  readonly scopes: readonly string[];
  /** Beside its own id, what stands in `aud` of its ID tokens. */
  readonly audiences: readonly string[];
  readonly allowsRefresh: boolean;
  /** Has no secret: it proves itself by PKCE alone. */
  readonly isPublic: boolean;
  readonly accessTokenSeconds: number;
  readonly refreshTokenSeconds: number;
  readonly signatureAlgorithm: 'RS256' | 'EdDSA';
  /** Attribute of the person → claim of the ID token. */
  readonly attributeMapping: Readonly<Record<string, string>>;
  /** LDAP filter (RFC 4515) over the person; empty: everybody. */
  readonly userFilter: string;
  readonly document: IdpClientDocument;
}

/** What clients sent and want back unchanged; null and absent are the same. */
export interface IdpClientDocument {
  idp_type?: '' | 'oidc' | null;
  oidc_audience?: string[] | null;
  oidc_scopes_enabled?: string[] | null;
  oidc_code_challenge_method_enabled?: boolean | null;
  oidc_auth_method_enabled?: AuthMethod | null;
  oidc_auth_method_post?: boolean | null;
  oidc_grant_type_refresh_token?: boolean | null;
  oidc_allowed_redirect_uris?: string[] | null;
  oidc_default_logout_redirect_uri?: string | null;
  oidc_allowed_logout_redirect_uris?: string[] | null;
  oidc_attribute_mapping?: Record<string, string> | null;
  oidc_signature_algorithm?: '' | 'RS256' | 'EdDSA' | null;
  oidc_access_token_valid_in_minutes?: number | null;
  oidc_refresh_token_valid_in_minutes?: number | null;
  user_filter?: string | null;
  container_required?: boolean | null;
}

/** `client_secret` is the word of PrivX's own pages for Basic. private_key_jwt is not among them: no key is kept. */
export const AUTH_METHODS = [
  '',
  'none',
  'client_secret',
  'client_secret_basic',
  'client_secret_post',
] as const;
export type AuthMethod = (typeof AUTH_METHODS)[number];

const DEFAULT_SCOPES: readonly string[] = ['profile', 'email'];
export const DEFAULT_ACCESS_MINUTES = 5;
export const DEFAULT_REFRESH_MINUTES = 480;

/** What the document says in the platform's own words. */
export function readDocument(document: IdpClientDocument) {
  const defaultLogout = document.oidc_default_logout_redirect_uri ?? '';
  const allowedLogout = document.oidc_allowed_logout_redirect_uris ?? [];
  const refreshMinutes = document.oidc_refresh_token_valid_in_minutes ?? DEFAULT_REFRESH_MINUTES;
  return {
    redirectUris: document.oidc_allowed_redirect_uris ?? [],
    logoutRedirectUris: [...new Set([...allowedLogout, ...(defaultLogout === '' ? [] : [defaultLogout])])],
    defaultLogoutRedirectUri: defaultLogout === '' ? undefined : defaultLogout,
    scopes: [...new Set(['openid', ...(document.oidc_scopes_enabled ?? DEFAULT_SCOPES)])],
    audiences: document.oidc_audience ?? [],
    allowsRefresh: document.oidc_grant_type_refresh_token === true && refreshMinutes > 0,
    isPublic: document.oidc_auth_method_enabled === 'none',
    accessTokenSeconds: 60 * (document.oidc_access_token_valid_in_minutes ?? DEFAULT_ACCESS_MINUTES),
    refreshTokenSeconds: 60 * refreshMinutes,
    signatureAlgorithm: document.oidc_signature_algorithm === 'EdDSA' ? 'EdDSA' : 'RS256',
    attributeMapping: document.oidc_attribute_mapping ?? {},
    userFilter: document.user_filter ?? '',
  } as const satisfies Partial<IdpClient>;
}

/** Claims that say who issued a token, for whom and when: no attribute of a person stands for them. */
const PROTOCOL_CLAIMS: ReadonlySet<string> = new Set(
  'iss aud exp iat nbf jti nonce azp acr amr auth_time at_hash c_hash s_hash sid scope client_id'.split(' '),
);

export const isMappableClaim = (claim: string): boolean => claim !== '' && !PROTOCOL_CLAIMS.has(claim);
