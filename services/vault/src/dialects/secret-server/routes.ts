import type { Route } from '@strongroom/http/route';
import type { VaultContext } from '../../context.ts';
import { detectionRoutes } from './detection.ts';
import { readSecretRoutes } from './read-secret.ts';

/** Secret Server's API over vault's own operations (docs/adr/0035-dialects.md). Fixed paths stand before `:id`. */
export const secretServerRoutes = (ctx: VaultContext): Route[] => [
  ...detectionRoutes(ctx),
  ...readSecretRoutes(ctx),
];
