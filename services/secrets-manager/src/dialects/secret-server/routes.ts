import type { Route } from '@strongroom/http/route';
import { checkOutRoutes } from './check-out-routes.ts';
import { passwordRoutes } from './password-routes.ts';
import type { Deps } from './route-parts.ts';
import { statusRoutes } from './status-routes.ts';

/** Of Secret Server's API what is about accounts on hosts (docs/adr/0035-dialects.md). */
export const secretServerRoutes = (deps: Deps): Route[] => [
  ...statusRoutes(deps),
  ...checkOutRoutes(deps),
  ...passwordRoutes(deps),
];
