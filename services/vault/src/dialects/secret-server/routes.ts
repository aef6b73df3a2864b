import type { Route } from '@strongroom/http/route';
import type { VaultContext } from '../../context.ts';
import { detectionRoutes } from './detection.ts';
import { generalRoutes } from './general.ts';
import { readSecretRoutes } from './read-secret.ts';
import { searchRoutes } from './search.ts';
import { writeFieldRoutes } from './write-field.ts';
import { writeSecretRoutes } from './write-secret.ts';

/** Secret Server's API over vault's own operations (docs/adr/0035-dialects.md). Fixed paths stand before `:id`. */
export const secretServerRoutes = (ctx: VaultContext): Route[] => [
  ...detectionRoutes(ctx),
  ...searchRoutes(ctx),
  ...readSecretRoutes(ctx),
  ...writeSecretRoutes(ctx),
  ...writeFieldRoutes(ctx),
  ...generalRoutes(ctx),
];
