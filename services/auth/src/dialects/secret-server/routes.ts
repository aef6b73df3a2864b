import type { Route } from '@strongroom/http/route';
import type { AuthContext } from '../../context.ts';
import { platformRoutes } from './platform-routes.ts';
import { sdkClientRoutes } from './sdk-client-routes.ts';
import { sdkRuleRoutes } from './sdk-rule-routes.ts';
import { tokenRoutes } from './token-routes.ts';
import { userRoutes } from './user-routes.ts';

/** What of Secret Server's API is about people and programs, over auth's own operations (docs/adr/0036). */
export const secretServerRoutes = (ctx: AuthContext): Route[] => [
  ...tokenRoutes(ctx),
  ...platformRoutes(ctx),
  ...userRoutes(ctx),
  ...sdkClientRoutes(ctx),
  ...sdkRuleRoutes(ctx),
];
