import { SECRET_SERVER } from '@strongroom/http/secret-server';
import type { Route } from '@strongroom/http/route';

/** Under which versions of the API clients call a route, and what its operations are called in each. */
export const V1 = [1] as const;
export const V1_AND_V2 = [1, 2] as const;

/** Shared parts of the routes of the dialect; spread first. */
export const secretServer = { tag: 'secret-server', dialect: SECRET_SERVER } as const;

/** The same route under each of the versions. `path` begins behind `/SecretServer/api/v1`. */
export const inVersions = (
  versions: readonly number[],
  make: (at: (path: string) => string, named: (operation: string) => string) => Route,
): Route[] =>
  versions.map(version =>
    make(
      path => `${SECRET_SERVER.prefix}/api/v${version}${path}`,
      operation => `secretServer${operation}${version === 1 ? '' : `V${version}`}`,
    ),
  );
