export const UPSTREAM_NAMES = ['auth', 'vault', 'secrets-manager', 'monitor'] as const;
export type UpstreamName = (typeof UPSTREAM_NAMES)[number];

export interface Route {
  readonly prefix: string;
  readonly upstream: UpstreamName;
}

const ROUTES: readonly Route[] = (
  [
    { prefix: '/auth/api/v1', upstream: 'auth' },
    { prefix: '/local-user-store/api/v1', upstream: 'auth' },
    { prefix: '/role-store/api/v1', upstream: 'auth' },
    { prefix: '/vault/api/v1', upstream: 'vault' },
    { prefix: '/secrets-manager/api/v1', upstream: 'secrets-manager' },
    { prefix: '/monitor-service/api/v1', upstream: 'monitor' },
  ] satisfies Route[]
).sort((one, other) => other.prefix.length - one.prefix.length);

/**
 * Longest prefix first, on a segment border. The path is the still-encoded one: what is written with
 * needless percent triplets is no prefix of ours and therefore served by nobody.
 */
export function matchRoute(path: string): Route | undefined {
  for (const route of ROUTES) {
    const { length } = route.prefix;
    if (path.startsWith(route.prefix) && (path.length === length || path[length] === '/')) return route;
  }
  return undefined;
}

const SIGN_IN_PATHS = new Set(['/auth/api/v1/oauth/token', '/auth/api/v1/login', '/auth/api/v1/token/login']);

/**
 * Whether a request, whose target was checked, asks auth to verify a password or a client secret. Routers
 * ignore case and a last slash, so every spelling counts into the same, stricter limit.
 */
export function isSignIn(method: string | undefined, path: string): boolean {
  if (method !== 'POST' || !path.startsWith('/auth/')) return false;
  return SIGN_IN_PATHS.has(decodeURIComponent(path).toLowerCase().replace(/\/$/, ''));
}
