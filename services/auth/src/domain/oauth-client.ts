import type { ApiKey } from './api-key.ts';

/** An application that may ask for tokens, as the OAuth endpoints see it. */
export interface OAuthClient {
  readonly id: string;
  /** null: public (RFC 6749, 2.1), it has no secret and is bound by PKCE alone. */
  readonly secret: string | null;
  readonly grants: readonly GrantType[];
  /** Compared as they are, character by character (RFC 9700, 2.1). */
  readonly redirectUris: readonly string[];
  readonly logoutRedirectUris: readonly string[];
  /** Where a sign-out ends that names no place. */
  readonly defaultLogoutRedirectUri: string | undefined;
  /** Its access tokens carry the subject's rights; without it they open the userinfo endpoint alone. */
  readonly carriesRights: boolean;
  readonly accessTokenSeconds: number;
  /** Application accounts may use it; all others are for people and API clients. */
  readonly admitsApplications: boolean;
  /** Its tokens hold at the address alone that asked for them. */
  readonly bindsToAddress: boolean;
  /** How long a session lives by refreshing; null: it gets no refresh tokens. */
  readonly refreshSeconds: number | null;
  readonly idTokenAlgorithm: 'EdDSA' | 'RS256';
  /** What stands in `aud` of its ID tokens beside its own id. */
  readonly idTokenAudiences: readonly string[];
  /** Scopes that it may ask for; null: any, since they narrow nothing. */
  readonly scopes: readonly string[] | null;
  /** LDAP filter over the people who may sign in to it; empty: everybody. */
  readonly userFilter: string;
  /** Attribute of the person to claim, beside the standard claims. */
  readonly attributeMapping: Readonly<Record<string, string>>;
}

export type GrantType = 'authorization_code' | 'refresh_token' | 'client_credentials' | 'password';

/** The built-in redirect URI of PrivX's own clients (contract 1.3), at whatever address they found us. */
export const PRIVX_REDIRECT_URI = '/privx/oauth-callback';

const BUILT_IN = {
  redirectUris: [PRIVX_REDIRECT_URI],
  logoutRedirectUris: [],
  defaultLogoutRedirectUri: undefined,
  carriesRights: true,
  admitsApplications: false,
  bindsToAddress: false,
  idTokenAlgorithm: 'EdDSA',
  idTokenAudiences: [],
  scopes: null,
  userFilter: '',
  attributeMapping: {},
} as const;

/** Lifetimes are PrivX's (contract 1.3). */
export const PRIVX_UI: OAuthClient = {
  ...BUILT_IN,
  id: 'privx-ui',
  secret: null,
  grants: ['authorization_code', 'refresh_token'],
  accessTokenSeconds: 300,
  refreshSeconds: 8 * 3_600,
};

export const EXTERNAL_OAUTH_CLIENT = 'privx-external';

export const privxExternal = (secret: string): OAuthClient => ({
  ...BUILT_IN,
  id: EXTERNAL_OAUTH_CLIENT,
  secret,
  grants: ['authorization_code', 'password', 'client_credentials'],
  accessTokenSeconds: 1_800,
  refreshSeconds: null,
});

/** Whoever signs in through the dialect of Secret Server: people, API clients and application accounts. */
export const SECRET_SERVER_CLIENT: OAuthClient = {
  ...BUILT_IN,
  id: 'secret-server',
  secret: null,
  redirectUris: [],
  grants: ['password', 'refresh_token'],
  admitsApplications: true,
  accessTokenSeconds: 1_800,
  refreshSeconds: 8 * 3_600,
};

/** A machine that was registered by a rule (`client_credentials`): it comes again rather than to refresh. */
export const sdkClient = (clientId: string): OAuthClient => ({
  ...SECRET_SERVER_CLIENT,
  id: SDK_CLIENT_PREFIX + clientId,
  grants: ['client_credentials'],
  bindsToAddress: true,
  refreshSeconds: null,
});

/** Before the id that the machine made for itself (contract secret-server.md 9). */
export const SDK_CLIENT_PREFIX = 'sdk-client-';

/** A session of Secrets Safe ends when it was not used for so long, less the age at which a use renews its token. */
const APP_TOKEN_SECONDS = 1_800;

/** However much it is used. */
export const APP_SESSION_SECONDS = 8 * 3_600;

/** API clients that sign in through the dialect of Secrets Safe. Its session is the token itself, and its use renews it. */
export const SECRETS_SAFE_CLIENT: OAuthClient = {
  ...BUILT_IN,
  id: 'secrets-safe',
  secret: null,
  redirectUris: [],
  grants: ['client_credentials'],
  admitsApplications: true,
  accessTokenSeconds: APP_TOKEN_SECONDS,
  refreshSeconds: null,
};

/** Whoever signs in by an API key: no longer than the key holds, and where it names networks at that address alone. */
export const apiKeyClient = (key: Pick<ApiKey, 'id' | 'networks' | 'expiresAt'>, now: Date): OAuthClient => {
  const seconds = key.expiresAt === null ? Infinity : (key.expiresAt.getTime() - now.getTime()) / 1_000;
  return {
    ...SECRETS_SAFE_CLIENT,
    id: API_KEY_PREFIX + key.id,
    accessTokenSeconds: Math.min(seconds, APP_TOKEN_SECONDS),
    bindsToAddress: key.networks.length > 0,
  };
};

/** Before the id of the key that opened a session. */
export const API_KEY_PREFIX = 'api-key-';
