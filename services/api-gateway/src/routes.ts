import { MAX_FIELD_BODY_BYTES, MAX_FILE_BYTES, MAX_FILE_FORM_BYTES } from '@strongroom/contracts/limits';
import { SECRET_SERVER_PREFIX } from './secret-server-door.ts';
import { SECRETS_SAFE_PREFIX } from './secrets-safe-door.ts';

export const UPSTREAM_NAMES = ['auth', 'vault', 'secrets-manager', 'monitor'] as const;
export type UpstreamName = (typeof UPSTREAM_NAMES)[number];

export interface Route {
  readonly prefix: string;
  readonly upstream: UpstreamName;
  /** Pages for people: their scripts and styles run, as the service's own Content-Security-Policy says. */
  readonly hasPages?: boolean;
}

/** Secret Server's dialect: what is about people and programs is auth's, secrets and what is around them are vault's. */
function secretServerRoutes(): Route[] {
  const under = (upstream: UpstreamName, ...paths: string[]) =>
    paths.map(path => ({ prefix: `${SECRET_SERVER_PREFIX}/${path}`, upstream }));
  const ofAuth = [
    'users',
    'oauth-expiration',
    'sdk-client-accounts',
    'sdk-client-rules',
    'sdk-client-audits',
  ];
  return [
    ...under('auth', 'oauth2', 'platform', ...ofAuth.map(path => `api/v1/${path}`)),
    ...under('vault', 'api/v1', 'api/v2', 'api/v3', 'internals'),
  ];
}

const ROUTES: readonly Route[] = (
  [
    { prefix: '/auth/api/v1', upstream: 'auth' },
    { prefix: '/auth/login', upstream: 'auth', hasPages: true },
    { prefix: '/auth/password-reset', upstream: 'auth', hasPages: true },
    { prefix: '/auth/assets', upstream: 'auth' },
    { prefix: '/.well-known/oauth-authorization-server', upstream: 'auth' },
    { prefix: '/.well-known/openid-configuration', upstream: 'auth' },
    { prefix: '/local-user-store/api/v1', upstream: 'auth' },
    { prefix: '/role-store/api/v1', upstream: 'auth' },
    { prefix: '/vault/api/v1', upstream: 'vault' },
    { prefix: '/secrets-manager/api/v1', upstream: 'secrets-manager' },
    { prefix: '/host-store/api/v1', upstream: 'secrets-manager' },
    { prefix: '/authorizer/api/v1', upstream: 'secrets-manager' },
    { prefix: '/connection-manager/api/v1', upstream: 'secrets-manager' },
    { prefix: '/monitor-service/api/v1', upstream: 'monitor' },
    ...secretServerRoutes(),
    { prefix: `${SECRETS_SAFE_PREFIX}/auth`, upstream: 'auth' },
    { prefix: `${SECRETS_SAFE_PREFIX}/secrets-safe`, upstream: 'vault' },
  ] satisfies Route[]
).sort((one, other) => other.prefix.length - one.prefix.length);

/** What is about one secret and not vault's: its last segment says whose it is (docs/adr/0035-dialects.md). */
const OF_ONE_SECRET: ReadonlyMap<string, UpstreamName> = new Map([
  ['audits', 'monitor'],
  // Those of secrets that are passwords of accounts on hosts.
  ['summary', 'secrets-manager'],
  ['state', 'secrets-manager'],
  ['check-out', 'secrets-manager'],
  ['check-in', 'secrets-manager'],
  ['extend-check-out', 'secrets-manager'],
  ['heartbeat', 'secrets-manager'],
  ['change-password', 'secrets-manager'],
  ['change-password-now', 'secrets-manager'],
  ['stop-password-change', 'secrets-manager'],
]);

const ONE_SECRET = /^\/SecretServer\/(?:api\/v1\/secrets|internals\/secret-detail)\/[^/]+\/([^/]+)$/;

/**
 * Longest prefix first, on a segment border. The path is the still-encoded one: what is written with
 * needless percent triplets is no prefix of ours and therefore served by nobody.
 */
export function matchRoute(path: string): Route | undefined {
  const upstream = OF_ONE_SECRET.get(ONE_SECRET.exec(path)?.[1] ?? '');
  if (upstream !== undefined) return { prefix: SECRET_SERVER_PREFIX, upstream };
  for (const route of ROUTES) {
    const { length } = route.prefix;
    if (path.startsWith(route.prefix) && (path.length === length || path[length] === '/')) return route;
  }
  return undefined;
}

const FILES = /^\/vault\/api\/v1\/(?:user\/[^/]+\/)?files\//;

const FILE_FORMS = /^\/BeyondTrust\/api\/public\/v3\/secrets-safe\/.+\/file$/;
const SECRET_SERVER_FIELDS = /^\/SecretServer\/api\/v1\/secrets\/[^/]+\/fields\/[^/]+$/;

/** Files of secrets are larger than any other body, so STRONGROOM_MAX_BODY_BYTES does not count for them. */
export function maxBodyBytesAt(path: string, setting: number): number {
  if (FILES.test(path)) return MAX_FILE_BYTES;
  if (FILE_FORMS.test(path)) return MAX_FILE_FORM_BYTES;
  return SECRET_SERVER_FIELDS.test(path) ? MAX_FIELD_BODY_BYTES : setting;
}

const INTERNAL_PATHS = new Set(['/auth/api/v1/revocations']);

/**
 * What services ask each other for, by a path that was checked. It demands a service's token; from outside there
 * is nothing at all.
 */
export const isInternal = (path: string): boolean =>
  path.startsWith('/auth/') && INTERNAL_PATHS.has(plain(path));

/** Routers ignore a last slash, some case and needless percent triplets: every spelling counts as one. */
const plain = (path: string): string => decodeURIComponent(path).toLowerCase().replace(/\/$/, '');

/** What checks a password, a secret, a token or a code: what somebody could guess. */
const SIGN_INS: readonly (readonly [method: string, path: RegExp])[] = [
  ['POST', /^\/auth\/api\/v1\/oauth\/(?:token|clientcredentials\/[^/]+\/token)$/],
  ['POST', /^\/auth\/api\/v1\/login(?:\/.+)?$/],
  ['POST', /^\/auth\/api\/v1\/token\/login$/],
  ['POST', /^\/auth\/api\/v1\/password\/reset$/],
  ['PUT', /^\/auth\/api\/v1\/password$/],
  ['POST', /^\/secretserver\/oauth2\/(?:token|refresh)$/],
  ['POST', /^\/secretserver\/platform\/identity\/api\/oauth2\/token\/xpmplatform$/],
  ['POST', /^\/secretserver\/api\/v1\/sdk-client-accounts$/],
  ['POST', /^\/beyondtrust\/api\/public\/v3\/auth\/(?:connect\/token|signappin)$/],
];

/**
 * Whether a request, whose target was checked, asks auth to verify such a thing: then it counts into the stricter
 * limit.
 */
export function isSignIn(method: string | undefined, path: string): boolean {
  if ((method !== 'POST' && method !== 'PUT') || matchRoute(path)?.upstream !== 'auth') return false;
  return SIGN_INS.some(([verb, pattern]) => verb === method && pattern.test(plain(path)));
}
